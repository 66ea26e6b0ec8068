using Coxswain.Engine;
using Coxswain.Engine.Networks;

namespace Coxswain.Node.Runtime;

/// <summary>Pods on the engine's bridge: pinned namespaces, no pause process.</summary>
public sealed class EnginePodNetwork(IContainerNetwork network) : IPodNetwork
{
    public async Task<PodNetworkAttachment> AddAsync(
        string sandboxId, string hostname, IReadOnlyDictionary<string, string> sysctls, CancellationToken cancellationToken)
    {
        try
        {
            return Convert(await network.AttachAsync(new NetworkAttachRequest(sandboxId, hostname, sysctls), cancellationToken));
        }
        catch (EngineException exception)
        {
            throw new RuntimeException(RuntimeFailure.Failed, $"failed to setup network for sandbox \"{sandboxId}\": {exception.Message}", exception);
        }
    }

    public Task DeleteAsync(string sandboxId, CancellationToken cancellationToken) => network.DetachAsync(sandboxId, cancellationToken);

    public Task<PodNetworkAttachment?> CheckAsync(string sandboxId, CancellationToken cancellationToken) =>
        Task.FromResult(network.Find(sandboxId) is { } found ? Convert(found) : null);

    private static PodNetworkAttachment Convert(NetworkAttachment attachment) => new(
        attachment.SandboxId, [attachment.Address.ToString()],
        attachment.NetworkNamespacePath, attachment.IpcNamespacePath, attachment.UtsNamespacePath)
    {
        // A sandbox of an earlier version has none.
        SharedMemory = Directory.Exists(attachment.ShmPath) ? attachment.ShmPath : null,
    };
}
