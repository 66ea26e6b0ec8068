using Coxswain.Api.Core.V1;
using Coxswain.Api.Json;

namespace Coxswain.Node.PodFacts;

/// <summary>Containers that are added to a running pod, to look into it: made like the others, started once and never again.</summary>
internal static class EphemeralContainers
{
    /// <summary>An ephemeral container has a container's fields, and one of its own.</summary>
    public static Container AsContainer(EphemeralContainer container) => KubeJson.Deserialize<Container>(KubeJson.Serialize(container));

    /// <summary>The container whose processes one is to see; empty for none, and for containers that are not ephemeral.</summary>
    public static string TargetOf(Pod pod, string container) =>
        pod.Spec.EphemeralContainers.FirstOrDefault(candidate => candidate.Name == container)?.TargetContainerName ?? "";
}
