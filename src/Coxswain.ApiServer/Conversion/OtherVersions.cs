using Coxswain.Api;
using Coxswain.Api.Resources;
using Coxswain.ApiServer.Resources;

namespace Coxswain.ApiServer.Conversion;

/// <summary>The versions that are served beside the stored ones. Another one is an entry here, a converter and its facts.</summary>
internal static class OtherVersions
{
    public static IReadOnlyList<OtherVersion> All { get; } =
    [
        Of("autoscaling/v1", "autoscaling/v2", "HorizontalPodAutoscaler", new AutoscalingV1Converter()),
        Of("events.k8s.io/v1", "v1", "Event", new EventsV1Converter()),
    ];

    private static OtherVersion Of(string apiVersion, string stored, string kind, IVersionConverter converter)
    {
        var shown = new ObjectKind(apiVersion, kind);
        var storage = new ObjectKind(stored, kind);
        return new OtherVersion(ApiResources.Find(shown) ?? ApiResources.OtherVersion(shown, storage), storage, converter);
    }
}
