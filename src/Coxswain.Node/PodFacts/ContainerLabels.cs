using System.Security.Cryptography;
using Coxswain.Api.Core.V1;
using Coxswain.Api.Json;

namespace Coxswain.Node.PodFacts;

/// <summary>The labels by which a restarted node agent knows its containers again: the kubelet's own.</summary>
internal static class ContainerLabels
{
    public const string PodName = "io.kubernetes.pod.name";
    public const string PodNamespace = "io.kubernetes.pod.namespace";
    public const string PodUid = "io.kubernetes.pod.uid";
    public const string ContainerName = "io.kubernetes.container.name";
    public const string SpecHash = "io.kubernetes.container.hash";

    public static IReadOnlyDictionary<string, string> Of(Pod pod, Container container) => new Dictionary<string, string>
    {
        [PodName] = pod.Metadata.Name,
        [PodNamespace] = pod.Metadata.Namespace,
        [PodUid] = pod.Metadata.Uid,
        [ContainerName] = container.Name,
        [SpecHash] = Hash(container),
    };

    /// <summary>
    /// Of name and image: the only part of a container that may change in a pod's life, so that a newer version of ours, which
    /// may know more fields, does not restart what runs.
    /// </summary>
    public static string Hash(Container container) =>
        Convert.ToHexStringLower(SHA256.HashData(KubeJson.Serialize(new Container { Name = container.Name, Image = container.Image })).AsSpan(0, 8));
}
