using Coxswain.Api.Core.V1;

namespace Coxswain.Node.PodFacts;

/// <summary>What tells the mirror of a static pod, which the API has, from a pod of the API's own.</summary>
internal static class MirrorPods
{
    public const string MirrorAnnotation = "kubernetes.io/config.mirror";
    public const string HashAnnotation = "kubernetes.io/config.hash";
    public const string SourceAnnotation = "kubernetes.io/config.source";
    public const string SeenAnnotation = "kubernetes.io/config.seen";

    public static bool IsMirror(Pod? pod) => pod?.Metadata.Annotations.ContainsKey(MirrorAnnotation) == true;

    /// <summary>The UID of the static pod it mirrors.</summary>
    public static string MirroredUid(Pod mirror) => mirror.Metadata.Annotations.GetValueOrDefault(MirrorAnnotation, "");
}
