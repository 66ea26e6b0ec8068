using System.Text.Json.Nodes;
using Coxswain.Api.Decoding;
using Coxswain.Api.Defaulting;
using Coxswain.Api.Json;
using Coxswain.Api.Kinds;
using Coxswain.Api.Schemata;

namespace Coxswain.Api.Tests;

public class DefaultingTests
{
    [Fact]
    public void Apply_Deployment_FillsEveryLevel()
    {
        var spec = Apply(Manifests.Deployment)["spec"]!;

        Same("""{"type":"RollingUpdate","rollingUpdate":{"maxUnavailable":"25%","maxSurge":"25%"}}""", spec["strategy"]);
        Same("10", spec["revisionHistoryLimit"]);
        Same("600", spec["progressDeadlineSeconds"]);
        var pod = spec["template"]!["spec"]!;
        Same("\"Always\"", pod["restartPolicy"]);
        Same("30", pod["terminationGracePeriodSeconds"]);
        Same("{}", pod["securityContext"]);
        Assert.Null(pod["enableServiceLinks"]);
        var container = pod["containers"]![0]!;
        Same("\"Always\"", container["imagePullPolicy"]);
        Same("""[{"containerPort":80,"protocol":"TCP"}]""", container["ports"]);
        Same("""{"httpGet":{"port":80,"path":"/","scheme":"HTTP"},"timeoutSeconds":1,"periodSeconds":10,"successThreshold":1,"failureThreshold":3}""",
            container["livenessProbe"]);
        Same("""{"limits":{"cpu":"500m","memory":"64Mi"},"requests":{"cpu":"100m"}}""", container["resources"]);
        Same("""{"name":"web","defaultMode":420}""", pod["volumes"]![0]!["configMap"]);
    }

    [Fact]
    public void Apply_Pod_TakesRequestsFromLimits()
    {
        var spec = Apply(Manifests.Pod)["spec"]!;

        Same("""{"cpu":"500m","memory":"64Mi"}""", spec["containers"]![0]!["resources"]!["requests"]);
        Same("\"IfNotPresent\"", spec["containers"]![0]!["imagePullPolicy"]);
        Same("true", spec["enableServiceLinks"]);
        Same("""{"name":"scratch","emptyDir":{}}""", spec["volumes"]![0]);
    }

    [Fact]
    public void Apply_Service_KnowsItsPortsAndPolicies() => Same(
        """
        {"selector":{"app":"web"},"ports":[{"port":80,"protocol":"TCP","targetPort":80}],"type":"ClusterIP","sessionAffinity":"None",
        "internalTrafficPolicy":"Cluster","ipFamilyPolicy":"SingleStack","ipFamilies":["IPv4"]}
        """,
        Apply(Manifests.Service)["spec"]);

    [Theory]
    [InlineData("{apiVersion: batch/v1, kind: Job, spec: {template: {metadata: {labels: {a: b}}}}}", "spec.parallelism", "1")]
    [InlineData("{apiVersion: batch/v1, kind: Job, spec: {completions: 3}}", "spec.backoffLimit", "6")]
    [InlineData("{apiVersion: batch/v1, kind: Job, spec: {template: {metadata: {labels: {a: b}}}}}", "metadata.labels", """{"a":"b"}""")]
    [InlineData("{apiVersion: batch/v1, kind: CronJob}", "spec.concurrencyPolicy", "\"Allow\"")]
    [InlineData("{apiVersion: apps/v1, kind: DaemonSet}", "spec.updateStrategy.rollingUpdate.maxUnavailable", "1")]
    [InlineData("{apiVersion: apps/v1, kind: StatefulSet}", "spec.updateStrategy.rollingUpdate.partition", "0")]
    [InlineData("{apiVersion: v1, kind: Namespace, metadata: {name: x}}", "metadata.labels", """{"kubernetes.io/metadata.name":"x"}""")]
    [InlineData("{apiVersion: v1, kind: Secret, stringData: {a: hello}}", "data.a", "\"aGVsbG8=\"")]
    [InlineData("{apiVersion: v1, kind: Secret}", "type", "\"Opaque\"")]
    [InlineData("{apiVersion: v1, kind: ReplicationController, spec: {template: {metadata: {labels: {a: b}}}}}", "spec.selector", """{"a":"b"}""")]
    [InlineData("{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, spec: {egress: [{}]}}", "spec.policyTypes", """["Ingress","Egress"]""")]
    [InlineData("{apiVersion: rbac.authorization.k8s.io/v1, kind: RoleBinding, roleRef: {name: x}}", "roleRef.apiGroup", "\"rbac.authorization.k8s.io\"")]
    [InlineData("{apiVersion: autoscaling/v2, kind: HorizontalPodAutoscaler}", "spec.minReplicas", "1")]
    [InlineData("{apiVersion: storage.k8s.io/v1, kind: StorageClass}", "reclaimPolicy", "\"Delete\"")]
    [InlineData("{apiVersion: v1, kind: PersistentVolumeClaim}", "status.phase", "\"Pending\"")]
    [InlineData("{apiVersion: v1, kind: Service, spec: {type: NodePort, ports: [{port: 1, targetPort: http}]}}", "spec.externalTrafficPolicy", "\"Cluster\"")]
    [InlineData("{apiVersion: v1, kind: Pod, spec: {serviceAccount: x}}", "spec.serviceAccountName", "\"x\"")]
    public void Apply_OneField_HasKubernetesDefault(string yaml, string path, string expected)
    {
        JsonNode? node = Apply(yaml);
        foreach (var name in path.Split('.'))
        {
            node = node?[name];
        }

        Same(expected, node);
    }

    [Theory]
    [InlineData("nginx", true)]
    [InlineData("nginx:latest", true)]
    [InlineData("localhost:5000/nginx", true)]
    [InlineData("nginx:1", false)]
    [InlineData("localhost:5000/nginx:1", false)]
    [InlineData("nginx@sha256:abc", false)]
    public void IsLatest_AnyReference_LooksAtItsTag(string image, bool latest) => Assert.Equal(latest, PodDefaults.IsLatest(image));

    [Fact]
    public void Apply_EveryKind_IsIdempotentAndKeepsTheShape()
    {
        foreach (var kind in KubeTypes.AllObjects)
        {
            var schema = Schemas.Find(kind)!;
            var document = ObjectDecoder.Decode("{}"u8, kind).Document;
            ObjectDefaulting.Apply(document, schema);
            var once = document.ToJsonString();
            ObjectDefaulting.Apply(document, schema);

            Assert.Equal(once, document.ToJsonString());
            ObjectDecoder.Decode(System.Text.Encoding.UTF8.GetBytes(once), kind, FieldValidation.Strict);
        }
    }

    [Fact]
    public void Data_EveryType_Exists() =>
        Assert.All(DefaultPlan.TypesInData.Concat(DefaultHooks.Types), type => Assert.NotNull(Schemas.FindType(type)));

    private static JsonObject Apply(string yaml)
    {
        var json = Manifests.Json(yaml);
        var kind = Manifests.Kind(json);
        var document = ObjectDecoder.Decode(json, kind, FieldValidation.Strict).Document;
        ObjectDefaulting.Apply(document, Schemas.Find(kind)!);
        return document;
    }

    private static void Same(string expected, JsonNode? actual) =>
        Assert.True(JsonEquality.Equal(JsonNode.Parse(expected), actual), $"expected {expected}\nbut found {actual?.ToJsonString()}");
}
