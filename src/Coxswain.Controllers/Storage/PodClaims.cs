using Coxswain.Api.Core.V1;
using Coxswain.Client.Informers;

namespace Coxswain.Controllers.Storage;

/// <summary>The claims that pods name, their own ephemeral ones too.</summary>
internal static class PodClaims
{
    private const string Index = "claims";

    public static Informer<Pod> WithClaims(this Informer<Pod> informer)
    {
        informer.AddIndex(Index, pod => NamesOf(pod).Select(name => $"{pod.Metadata.Namespace}/{name}"));
        return informer;
    }

    public static IReadOnlyList<Pod> ListUsing(this Informer<Pod> informer, string @namespace, string claim) => informer.ListBy(Index, $"{@namespace}/{claim}");

    public static IEnumerable<string> NamesOf(Pod pod) => pod.Spec.Volumes
        .Select(volume => volume.PersistentVolumeClaim?.ClaimName ?? (volume.Ephemeral is not null ? NameOfEphemeral(pod, volume) : ""))
        .Where(name => name.Length > 0).Distinct(StringComparer.Ordinal);

    public static string NameOfEphemeral(Pod pod, Volume volume) => $"{pod.Metadata.Name}-{volume.Name}";
}
