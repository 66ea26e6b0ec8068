using System.Text;
using Coxswain.Api.Apps.V1;
using Coxswain.Api.Core.V1;
using Coxswain.Api.Decoding;
using Coxswain.Api.Defaulting;
using Coxswain.Api.Errors;
using Coxswain.Api.Kinds;
using Coxswain.Api.Schemata;
using Coxswain.Api.Validation;

namespace Coxswain.Api.Tests;

public class ValidationTests
{
    [Fact]
    public void ValidateCreate_GoodObjects_HaveNoErrors()
    {
        Assert.Empty(ObjectValidation.ValidateCreate(Manifests.Typed<Deployment>(Manifests.Deployment)));
        Assert.Empty(ObjectValidation.ValidateCreate(Manifests.Typed<Pod>(Manifests.Pod)));
        Assert.Empty(ObjectValidation.ValidateCreate(Manifests.Typed<Service>(Manifests.Service)));
    }

    [Theory]
    [InlineData("name: web, namespace", "name: Web, namespace", "metadata.name: Invalid value: \"Web\": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')")]
    [InlineData("image: nginx", "workingDir: /x", "spec.template.spec.containers[0].image: Required value")]
    [InlineData("replicas: 3", "replicas: -1", "spec.replicas: Invalid value: -1: must be greater than or equal to 0")]
    [InlineData("labels: {app: web}", "labels: {app: other}", "spec.template.metadata.labels: Invalid value: {\"app\":\"other\"}: `selector` does not match template `labels`")]
    [InlineData("containerPort: 80", "containerPort: 80000", "spec.template.spec.containers[0].ports[0].containerPort: Invalid value: 80000: must be between 1 and 65535, inclusive")]
    [InlineData("requests: {cpu: 100m}", "requests: {cpu: 2}", "spec.template.spec.containers[0].resources.requests: Invalid value: \"2\": must be less than or equal to cpu limit of 500m")]
    [InlineData("{name: config, mountPath", "{name: nope, mountPath", "spec.template.spec.containers[0].volumeMounts[0].name: Not found: \"nope\"")]
    [InlineData("replicas: 3", "strategy: {type: Sideways}", "spec.strategy.type: Unsupported value: \"Sideways\": supported values: \"Recreate\", \"RollingUpdate\"")]
    [InlineData("httpGet: {port: 80}", "initialDelaySeconds: 1", "spec.template.spec.containers[0].livenessProbe: Required value: must specify a handler type")]
    [InlineData("env: [{name: A, value: b}]", "env: [{name: 'A=', value: b}]", "spec.template.spec.containers[0].env[0].name: Invalid value: \"A=\": a valid environment variable name must consist only of printable ASCII characters other than '='")]
    public void ValidateCreate_OneMistakeInADeployment_IsToldInKubernetesWords(string from, string to, string expected)
    {
        Assert.Contains(from, Manifests.Deployment, StringComparison.Ordinal);

        var errors = ObjectValidation.ValidateCreate(Manifests.Typed<Deployment>(Manifests.Deployment.Replace(from, to, StringComparison.Ordinal)));

        Assert.Equal([expected], errors.Select(error => error.ToString()));
    }

    [Theory]
    [InlineData("{apiVersion: v1, kind: Service, metadata: {name: 1a, namespace: d}, spec: {ports: [{port: 0, targetPort: 1}]}}",
        "metadata.name: Invalid value: \"1a\": a DNS-1035 label", "spec.ports[0].port: Invalid value: 0: must be between 1 and 65535, inclusive")]
    [InlineData("{apiVersion: v1, kind: Service, metadata: {name: a, namespace: d}}", "spec.ports: Required value")]
    [InlineData("{apiVersion: v1, kind: Service, metadata: {name: a, namespace: d}, spec: {type: NodePort, ports: [{port: 1, nodePort: 80}]}}",
        "spec.ports[0].nodePort: Invalid value: 80: provided port is not in the valid range. The range of valid ports is 30000-32767")]
    [InlineData("{apiVersion: v1, kind: Service, metadata: {name: a, namespace: d}, spec: {ports: [{port: 1}], externalIPs: [127.0.0.1, '::1', 192.0.2.1]}}",
        "spec.externalIPs[0]: Invalid value: \"127.0.0.1\": may not be in the loopback range (127.0.0.0/8, ::1/128)",
        "spec.externalIPs[1]: Invalid value: \"::1\": may not be in the loopback range (127.0.0.0/8, ::1/128)")]
    [InlineData("{apiVersion: v1, kind: Service, metadata: {name: a, namespace: d}, spec: {ports: [{port: 1}], externalIPs: [0.0.0.0, 169.254.1.1, 224.0.0.1, '127.1', '::ffff:127.0.0.1']}}",
        "spec.externalIPs[0]: Invalid value: \"0.0.0.0\": may not be unspecified (0.0.0.0)",
        "spec.externalIPs[1]: Invalid value: \"169.254.1.1\": may not be in the link-local range",
        "spec.externalIPs[2]: Invalid value: \"224.0.0.1\": may not be in the link-local multicast range",
        "spec.externalIPs[3]: Invalid value: \"127.1\": must be a valid IP address",
        "spec.externalIPs[4]: Invalid value: \"::ffff:127.0.0.1\": may not be in the loopback range")]
    [InlineData("{apiVersion: v1, kind: Service, metadata: {name: a, namespace: d}, spec: {ports: [{port: 1}, {port: 2}]}}",
        "spec.ports[0].name: Required value", "spec.ports[1].name: Required value")]
    [InlineData("{apiVersion: v1, kind: ConfigMap, metadata: {name: a, namespace: d}, data: {'a b': x}}", "data[a b]: Invalid value: \"a b\": a valid config key")]
    [InlineData("{apiVersion: v1, kind: Secret, metadata: {name: a, namespace: d}, type: kubernetes.io/tls}", "data[tls.crt]: Required value", "data[tls.key]: Required value")]
    [InlineData("{apiVersion: v1, kind: Namespace, metadata: {name: a.b}}", "metadata.name: Invalid value: \"a.b\": a lowercase RFC 1123 label")]
    [InlineData("{apiVersion: v1, kind: Namespace, metadata: {name: a, namespace: d}}", "metadata.namespace: Forbidden: not allowed on this type")]
    [InlineData("{apiVersion: v1, kind: ConfigMap, metadata: {namespace: d}}", "metadata.name: Required value: name or generateName is required")]
    [InlineData("{apiVersion: v1, kind: ConfigMap, metadata: {generateName: a-, namespace: d, labels: {'-x': z}}}", "metadata.labels: Invalid value: \"-x\": name part must consist")]
    [InlineData("{apiVersion: rbac.authorization.k8s.io/v1, kind: Role, metadata: {name: 'a:b', namespace: d}, rules: [{apiGroups: ['']}]}",
        "rules[0].verbs: Required value: verbs must contain at least one value", "rules[0].resources: Required value: resource rules must supply at least one resource")]
    [InlineData("{apiVersion: networking.k8s.io/v1, kind: Ingress, metadata: {name: a, namespace: d}, spec: {rules: [{http: {paths: [{path: x, pathType: Prefix, backend: {service: {name: s, port: {number: 80}}}}]}}]}}",
        "spec.rules[0].http.paths[0].path: Invalid value: \"x\": must be an absolute path")]
    [InlineData("{apiVersion: v1, kind: PersistentVolumeClaim, metadata: {name: a, namespace: d}}",
        "spec.accessModes: Required value: at least 1 access mode is required", "spec.resources[storage]: Required value")]
    [InlineData("{apiVersion: batch/v1, kind: CronJob, metadata: {name: a, namespace: d}, spec: {schedule: '* *', jobTemplate: {spec: {template: {spec: {restartPolicy: Never, containers: [{name: a, image: b}]}}}}}}",
        "spec.schedule: Invalid value: \"* *\": expected exactly 5 fields, found 2: [* *]")]
    [InlineData("{apiVersion: discovery.k8s.io/v1, kind: EndpointSlice, metadata: {name: a, namespace: d}, addressType: IPv4, endpoints: [{addresses: ['::1']}]}",
        "endpoints[0].addresses[0]: Invalid value: \"::1\": must be an IPv4 address")]
    public void ValidateCreate_Mistakes_AreToldInKubernetesWords(string yaml, params string[] expected)
    {
        var errors = ObjectValidation.ValidateCreate(Typed(yaml)).Select(error => error.ToString()).ToList();

        Assert.True(errors.Count == expected.Length, string.Join("\n", errors));
        Assert.All(expected.Zip(errors), pair => Assert.StartsWith(pair.First, pair.Second, StringComparison.Ordinal));
    }

    [Fact]
    public void ValidateUpdate_Selector_IsImmutable()
    {
        var old = Manifests.Typed<Deployment>(Manifests.Deployment);
        var value = old with { Spec = old.Spec with { Selector = new() { MatchExpressions = [new() { Key = "app", Operator = "Exists" }] } } };

        var error = Assert.Single(ObjectValidation.ValidateUpdate(value, old));

        Assert.Equal("spec.selector", error.Field);
        Assert.EndsWith("field is immutable", error.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void ValidateUpdate_PodImage_MayChangeButNothingElse()
    {
        var old = Manifests.Typed<Pod>(Manifests.Pod);
        var image = old with { Spec = old.Spec with { Containers = [old.Spec.Containers[0] with { Image = "nginx:2" }] } };
        var command = old with { Spec = old.Spec with { Containers = [old.Spec.Containers[0] with { Command = ["sh"] }] } };

        Assert.Empty(ObjectValidation.ValidateUpdate(image, old));
        Assert.StartsWith("spec: Forbidden: pod updates may not change fields other than",
            Assert.Single(ObjectValidation.ValidateUpdate(command, old)).ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void ValidateUpdate_EphemeralContainers_AreNotAddedByAPlainUpdate()
    {
        var old = Manifests.Typed<Pod>(Manifests.Pod);
        var value = old with
        {
            Spec = old.Spec with { EphemeralContainers = [EphemeralContainer.Empty with { Name = "debug", Image = "sh" }] },
        };

        Assert.Contains(ObjectValidation.ValidateUpdate(value, old), error =>
            error.ToString().StartsWith("spec: Forbidden: pod updates may not change fields other than", StringComparison.Ordinal));
    }

    [Fact]
    public void ValidateUpdate_ImmutableConfigMap_IsFrozen()
    {
        var old = (ConfigMap)Typed("{apiVersion: v1, kind: ConfigMap, metadata: {name: a, namespace: d}, immutable: true, data: {a: b}}");
        var value = old with { Data = new Dictionary<string, string> { ["a"] = "c" } };

        Assert.Equal("data: Forbidden: field is immutable when `immutable` is set", Assert.Single(ObjectValidation.ValidateUpdate(value, old)).ToString());
    }

    [Fact]
    public void Invalid_Errors_BecomeAStatusWithCauses()
    {
        var status = Statuses.Invalid(Deployment.ObjectKind, "web",
            [FieldError.Invalid("spec.replicas", -1, "must be greater than or equal to 0"), FieldError.Required("spec.selector")]);

        Assert.Equal(422, status.Code);
        Assert.Equal("Deployment.apps \"web\" is invalid: [spec.replicas: Invalid value: -1: must be greater than or equal to 0, spec.selector: Required value]",
            status.Message);
        Assert.Equal(["FieldValueInvalid", "FieldValueRequired"], status.Details!.Causes.Select(cause => cause.Reason));
        Assert.Equal("spec.replicas", status.Details.Causes[0].Field);
    }

    private static IKubeObject Typed(string yaml)
    {
        var json = Manifests.Json(yaml);
        var kind = Manifests.Kind(json);
        var document = ObjectDecoder.Decode(json, kind, FieldValidation.Strict).Document;
        ObjectDefaulting.Apply(document, Schemas.Find(kind)!);
        return KubeTypes.Read(kind, Encoding.UTF8.GetBytes(document.ToJsonString()));
    }
}
