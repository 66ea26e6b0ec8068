using Coxswain.Api.Core.V1;
using Coxswain.Client;

namespace Coxswain.Node.Pods;

/// <summary>Statuses of the API's own pods.</summary>
internal sealed class ApiPodStatuses(IKubeClient client) : IPodStatuses
{
    public Task<Pod> PatchAsync(Pod known, PodStatusChanges changes, CancellationToken cancellationToken) => client.PatchStatusAsync<Pod>(
        known.Metadata.Namespace, known.Metadata.Name,
        new KubePatch(PatchType.Merge, changes.Encode(known.Metadata.Uid, known.Metadata.ResourceVersion)), cancellationToken);

    public Task<Pod?> FindAsync(Pod known, CancellationToken cancellationToken) =>
        client.FindAsync<Pod>(known.Metadata.Namespace, known.Metadata.Name, cancellationToken);
}
