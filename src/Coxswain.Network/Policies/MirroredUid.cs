using Coxswain.Api.Core.V1;

namespace Coxswain.Network.Policies;

/// <summary>A static pod runs under a UID of its node's, which its mirror in the API names.</summary>
internal static class MirroredUid
{
    private const string Annotation = "kubernetes.io/config.mirror";

    /// <summary>Empty for a pod that mirrors none.</summary>
    public static string Of(Pod pod) => pod.Metadata.Annotations.GetValueOrDefault(Annotation, "");
}
