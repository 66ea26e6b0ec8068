using System.Text;

namespace Coxswain.Api.Tests;

/// <summary>What fuzzing begins from.</summary>
internal static class SampleManifests
{
    public static readonly string[] All =
    [
        Manifests.Deployment, Manifests.Pod, Manifests.Service,
        """
        # every form of scalar and collection
        apiVersion: v1
        kind: ConfigMap
        metadata: {name: "a", labels: &l {app: 'b', "x": y}, annotations: {<<: *l, n: "1"}}
        data:
          text: |-
            one
             two
          folded: >
            a
            b
          on: 'yes'
          ? key
          : value
        binaryData: {b: aGVsbG8=}
        ---
        apiVersion: v1
        kind: Secret
        metadata: {name: s}
        stringData: {a: b}
        """,
        """
        {"apiVersion":"apiextensions.k8s.io/v1","kind":"CustomResourceDefinition","metadata":{"name":"widgets.example.com"},"spec":{"group":"example.com",
        "names":{"plural":"widgets","kind":"Widget"},"scope":"Namespaced","versions":[{"name":"v1","served":true,"storage":true,"schema":{"openAPIV3Schema":
        {"type":"object","properties":{"spec":{"type":"object","additionalProperties":true,"items":[{"type":"string"}]}}}}}]}}
        """,
        "{apiVersion: batch/v1, kind: CronJob, metadata: {name: c, namespace: d}, spec: {schedule: '*/5 * * * *', jobTemplate: {spec: {template: {spec: {restartPolicy: Never, containers: [{name: a, image: b, resources: {limits: {cpu: 1e3m}}}]}}}}}}",
        "{apiVersion: networking.k8s.io/v1, kind: Ingress, metadata: {name: i, creationTimestamp: '2026-01-01T00:00:00Z'}, spec: {rules: [{http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: s, port: {number: 80}}}}]}}]}}",
        "{apiVersion: autoscaling/v2, kind: HorizontalPodAutoscaler, metadata: {name: h}, spec: {maxReplicas: 3, scaleTargetRef: {kind: D, name: d}, metrics: [{type: Resource, resource: {name: cpu, target: {type: Utilization, averageUtilization: 50}}}]}}",
    ];

    public static readonly byte[][] JsonPatches = [.. Pairs(
        """[{"op":"add","path":"/metadata/labels/x","value":"y"},{"op":"copy","from":"/spec","path":"/spec/template"},{"op":"move","from":"/metadata","path":"/m"}]""",
        """[{"op":"test","path":"/spec/replicas","value":3},{"op":"replace","path":"/spec/replicas","value":4},{"op":"remove","path":"/spec/template/spec/containers/0"}]""",
        """[{"op":"add","path":"/spec/template/spec/containers/-","value":{"a":[1,{"b":null}]}},{"op":"replace","path":"","value":{}}]""")];

    public static readonly byte[][] MergePatches = [.. Pairs(
        """{"spec":{"replicas":null,"template":{"spec":{"containers":[{"name":"web","image":"b","ports":[{"containerPort":81}]},{"name":"x","$patch":"delete"}]}}}}""",
        """{"metadata":{"labels":{"a":"b"},"$retainKeys":["labels"],"finalizers":["a"],"$deleteFromPrimitiveList/finalizers":["b"]}}""",
        """{"spec":{"strategy":{"$retainKeys":["type"],"type":"Recreate"},"template":{"spec":{"$setElementOrder/containers":[{"name":"web"}],"volumes":[{"name":"config","$patch":"delete"},{"$patch":"replace"}]}}}}""")];

    public static readonly byte[][] Schemas =
    [
        Encoding.UTF8.GetBytes("""
            {"schema":{"type":"object","properties":{"spec":{"type":"object","required":["a"],"properties":{"a":{"type":"string","pattern":"^[a-z]{1,3}$","default":"x","enum":["x","y"]},
            "b":{"type":"array","items":{"type":"integer","minimum":1,"format":"int32"},"maxItems":3,"x-kubernetes-list-type":"set"},"c":{"x-kubernetes-int-or-string":true},
            "d":{"type":"object","additionalProperties":{"type":"number","multipleOf":0.5},"maxProperties":2},"e":{"type":"object","x-kubernetes-embedded-resource":true,"x-kubernetes-preserve-unknown-fields":true},
            "f":{"type":"array","items":{"type":"object","properties":{"k":{"type":"string","format":"date-time"}}},"x-kubernetes-list-type":"map","x-kubernetes-list-map-keys":["k"]}},
            "oneOf":[{"required":["a"]},{"required":["b"]}],"not":{"properties":{"a":{"enum":["z"]}}}}}},
            "object":{"metadata":{"name":"w"},"spec":{"a":"abcd","b":[0,1,1],"c":"50%","d":{"x":0.75},"e":{"kind":"A"},"f":[{"k":"1"},{"k":"1"}]}}}
            """),
    ];

    /// <summary>A schema with the two kinds of choices: <c>additionalProperties: true</c> and <c>items</c>.</summary>
    private static readonly byte[] OpenApi = Concat(Text(5, "object"), Field(30, [8, 1]), Field(24, Field(1, Text(5, "string"))));

    public static readonly byte[][] Protobuf =
    [
        Envelope("v1", "Pod", Concat(
            Field(1, Concat(Text(1, "web"), Text(3, "default"), Field(11, Concat(Text(1, "app"), Text(2, "web"))), Field(8, [8, 1]))),
            Field(2, Concat(
                Field(2, Concat(Text(1, "web"), Text(2, "nginx"), Field(6, Concat(Text(1, "p"), [24, 80])), Field(8, Field(1, Concat(Text(1, "cpu"), Field(2, Text(1, "100m"))))))),
                Field(1, Concat(Text(1, "config"), Field(2, Field(19, Field(1, Text(1, "c")))))), Text(3, "Always"))))),
        Envelope("apiextensions.k8s.io/v1", "CustomResourceDefinition", Concat(
            Field(1, Text(1, "widgets.example.com")),
            Field(2, Concat(Text(1, "example.com"), Field(7, Concat(Text(1, "v1"), [16, 1], Field(4, Field(1, OpenApi)))))))),
        Envelope("v1", "ConfigMap", Field(2, Concat(Text(1, "k"), Text(2, "v")))),
    ];

    private static IEnumerable<byte[]> Pairs(params string[] patches)
    {
        var target = Encoding.UTF8.GetString(Manifests.Json(Manifests.Deployment));
        return patches.Select(patch => Encoding.UTF8.GetBytes($$"""{"target":{{target}},"patch":{{patch}}}"""));
    }

    internal static byte[] Envelope(string apiVersion, string kind, byte[] raw) =>
        [0x6b, 0x38, 0x73, 0x00, .. Field(1, Concat(Text(1, apiVersion), Text(2, kind))), .. Field(2, raw)];

    internal static byte[] Text(int number, string text) => Field(number, Encoding.UTF8.GetBytes(text));

    internal static byte[] Field(int number, byte[] bytes) => [.. Varint((number << 3) | 2), .. Varint(bytes.Length), .. bytes];

    internal static byte[] Concat(params byte[][] parts) => [.. parts.SelectMany(part => part)];

    private static IEnumerable<byte> Varint(int value)
    {
        for (; value > 0x7f; value >>= 7)
        {
            yield return (byte)(value | 0x80);
        }

        yield return (byte)value;
    }
}
