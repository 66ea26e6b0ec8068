using System.Text;
using Coxswain.Api;
using Coxswain.Api.Resources;
using Coxswain.Api.Schemata;

namespace Coxswain.ApiServer.OpenApi;

/// <summary>The names definitions have in Kubernetes' documents (<c>io.k8s.api.core.v1.Pod</c>), which clients look for.</summary>
internal static class OpenApiNames
{
    public const string Quantity = "io.k8s.apimachinery.pkg.api.resource.Quantity";
    public const string IntOrString = "io.k8s.apimachinery.pkg.util.intstr.IntOrString";

    private const string Meta = "io.k8s.apimachinery.pkg.apis.meta.v1";

    public const string Time = Meta + ".Time";
    public const string MicroTime = Meta + ".MicroTime";

    /// <summary>The definition of a struct by its name in the facts.</summary>
    public static string Of(Schema schema)
    {
        var slash = schema.TypeName.IndexOf('/', StringComparison.Ordinal);
        var group = schema.TypeName[..slash];
        var rest = schema.TypeName[(slash + 1)..];
        return group switch
        {
            "meta" => $"io.k8s.apimachinery.pkg.apis.meta.{rest}",
            "apiextensions" => $"io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.{rest}",
            "apiregistration" => $"io.k8s.kube-aggregator.pkg.apis.apiregistration.{rest}",
            "metrics" => $"io.k8s.metrics.pkg.apis.metrics.{rest}",
            _ => $"io.k8s.api.{group}.{rest}",
        };
    }

    /// <summary>The definition of a kind that brought its own schema: its group read backwards (<c>com.example.v1.CronTab</c>).</summary>
    public static string Of(ObjectKind kind) => string.Join('.', [.. kind.Group.Split('.').Reverse(), kind.Version, kind.Kind]);

    /// <summary>The name of an operation (<c>listCoreV1NamespacedPod</c>).</summary>
    public static string Operation(string verb, ApiResource resource, bool namespaced)
    {
        var group = resource.Group.Length == 0 ? "core" : resource.Group.Replace(".k8s.io", "", StringComparison.Ordinal);
        var name = new StringBuilder(verb);
        foreach (var part in group.Split('.').Append(resource.Version))
        {
            name.Append(char.ToUpperInvariant(part[0])).Append(part.AsSpan(1));
        }

        return name.Append(namespaced ? "Namespaced" : "").Append(resource.Kind).ToString();
    }
}
