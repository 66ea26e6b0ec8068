using System.Text;
using Coxswain.Api.Decoding;
using Coxswain.Api.Defaulting;
using Coxswain.Api.Json;
using Coxswain.Api.Schemata;

namespace Coxswain.Api.Tests;

/// <summary>Objects that tests decode, default and check.</summary>
internal static class Manifests
{
    public const string Deployment = """
        apiVersion: apps/v1
        kind: Deployment
        metadata: {name: web, namespace: default}
        spec:
          replicas: 3
          selector: {matchLabels: {app: web}}
          template:
            metadata: {labels: {app: web}}
            spec:
              containers:
              - name: web
                image: nginx
                ports: [{containerPort: 80}]
                env: [{name: A, value: b}]
                resources: {limits: {cpu: 0.5, memory: 64Mi}, requests: {cpu: 100m}}
                livenessProbe: {httpGet: {port: 80}}
                volumeMounts: [{name: config, mountPath: /etc/config}]
              volumes:
              - name: config
                configMap: {name: web}
        """;

    public const string Pod = """
        apiVersion: v1
        kind: Pod
        metadata: {name: web, namespace: default}
        spec:
          containers:
          - name: web
            image: nginx:1.25
            resources: {limits: {cpu: 500m, memory: 64Mi}}
          volumes: [{name: scratch}]
        """;

    public const string Service = """
        apiVersion: v1
        kind: Service
        metadata: {name: web, namespace: default}
        spec:
          selector: {app: web}
          ports: [{port: 80}]
        """;

    /// <summary>The bytes of a manifest as JSON.</summary>
    public static byte[] Json(string yaml) => KubeYaml.ToJson(Encoding.UTF8.GetBytes(yaml));

    public static ObjectKind Kind(byte[] json) => ObjectDecoder.PeekKind(json)!;

    /// <summary>What the API server would check: decoded, defaulted, typed.</summary>
    public static T Typed<T>(string yaml)
        where T : IKubeObject<T>
    {
        var kind = T.ObjectKind;
        var document = ObjectDecoder.Decode(Json(yaml), kind, FieldValidation.Strict).Document;
        ObjectDefaulting.Apply(document, Schemas.Find(kind)!);
        return KubeJson.Deserialize<T>(Encoding.UTF8.GetBytes(document.ToJsonString()));
    }
}
