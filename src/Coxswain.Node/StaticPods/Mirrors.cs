using Coxswain.Api.Core.V1;
using Coxswain.Api.Errors;
using Coxswain.Api.Meta.V1;
using Coxswain.Client;
using Coxswain.Node.PodFacts;
using Coxswain.Node.Pods;
using V1Node = Coxswain.Api.Core.V1.Node;

namespace Coxswain.Node.StaticPods;

/// <summary>
/// The pods of the API by which others see the node's static pods. A mirror has the static pod's name and status and a UID of its
/// own; what is done to it does nothing to the pod.
/// </summary>
internal sealed class Mirrors(IKubeClient client, string nodeName) : IPodStatuses
{
    /// <summary>Writes the status into the pod's mirror, which is made first when there is none.</summary>
    /// <exception cref="IOException">It cannot be had now: that of an earlier pod of the name may still be there.</exception>
    public async Task<Pod> PatchAsync(Pod known, PodStatusChanges changes, CancellationToken cancellationToken)
    {
        var mirror = await FindMirrorAsync(known, cancellationToken) ?? await EnsureAsync(known, cancellationToken);
        var version = known.Metadata.ResourceVersion.Length > 0 ? known.Metadata.ResourceVersion : mirror.Metadata.ResourceVersion;
        try
        {
            return Static(known, await client.PatchStatusAsync<Pod>(
                known.Metadata.Namespace, known.Metadata.Name, new KubePatch(PatchType.Merge, changes.Encode(mirror.Metadata.Uid, version)),
                cancellationToken));
        }
        catch (KubeStatusException exception) when (exception.IsNotFound)
        {
            throw Missing(known, exception);
        }
    }

    /// <summary>Never null: a mirror that is gone comes again.</summary>
    public async Task<Pod?> FindAsync(Pod known, CancellationToken cancellationToken) =>
        Static(known, await FindMirrorAsync(known, cancellationToken) ?? await EnsureAsync(known, cancellationToken));

    /// <summary>The static pod with what the API says of its mirror.</summary>
    public static Pod Static(Pod pod, Pod mirror) => pod with
    {
        Metadata = pod.Metadata with { ResourceVersion = mirror.Metadata.ResourceVersion },
        Status = mirror.Status,
    };

    public async Task<Pod> CreateAsync(Pod pod, CancellationToken cancellationToken)
    {
        var node = await client.GetAsync<V1Node>(null, nodeName, cancellationToken);
        return await client.CreateAsync(
            pod with
            {
                Metadata = pod.Metadata with
                {
                    Uid = "",
                    ResourceVersion = "",
                    CreationTimestamp = null,
                    Annotations = new Dictionary<string, string>(pod.Metadata.Annotations, StringComparer.Ordinal)
                    {
                        [MirrorPods.MirrorAnnotation] = pod.Metadata.Uid,
                    },
                    OwnerReferences = [new OwnerReference { ApiVersion = "v1", Kind = "Node", Name = nodeName, Uid = node.Metadata.Uid, Controller = true }],
                },
                Status = PodStatus.Empty,
            },
            cancellationToken);
    }

    public async Task DeleteAsync(Pod mirror, CancellationToken cancellationToken)
    {
        try
        {
            await client.DeleteAsync<Pod>(
                mirror.Metadata.Namespace, mirror.Metadata.Name,
                new DeleteOptions { GracePeriodSeconds = 0, Preconditions = new Api.Meta.V1.Preconditions { Uid = mirror.Metadata.Uid } }, cancellationToken);
        }
        catch (KubeStatusException exception) when (exception.IsNotFound || exception.IsConflict)
        {
            // Gone already, perhaps with another of the same name in its place.
        }
    }

    private async Task<Pod> EnsureAsync(Pod pod, CancellationToken cancellationToken)
    {
        try
        {
            return await CreateAsync(pod, cancellationToken);
        }
        catch (KubeStatusException exception)
        {
            throw Missing(pod, exception);
        }
    }

    /// <summary>Not as if the pod were gone, or its status would count as written.</summary>
    private static IOException Missing(Pod pod, KubeStatusException exception) =>
        new($"static pod {pod.Metadata.Namespace}/{pod.Metadata.Name} has no mirror: {exception.Message}", exception);

    private async Task<Pod?> FindMirrorAsync(Pod known, CancellationToken cancellationToken) =>
        await client.FindAsync<Pod>(known.Metadata.Namespace, known.Metadata.Name, cancellationToken) is { } found
            && MirrorPods.MirroredUid(found) == known.Metadata.Uid ? found : null;
}
