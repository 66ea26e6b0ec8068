namespace Coxswain.Node.Runtime;

/// <summary>Gives sandboxes their network, shaped like a CNI plug-in.</summary>
public interface IPodNetwork
{
    /// <summary>Attaches a sandbox, or returns the attachment it has.</summary>
    Task<PodNetworkAttachment> AddAsync(
        string sandboxId, string hostname, IReadOnlyDictionary<string, string> sysctls, CancellationToken cancellationToken);

    /// <summary>Idempotent.</summary>
    Task DeleteAsync(string sandboxId, CancellationToken cancellationToken);

    /// <summary>The attachment as it is, or null when there is none or it is broken.</summary>
    Task<PodNetworkAttachment?> CheckAsync(string sandboxId, CancellationToken cancellationToken);
}

/// <summary>Namespaces to join and the addresses that lie behind them.</summary>
public sealed record PodNetworkAttachment(
    string SandboxId, IReadOnlyList<string> Addresses, string NetworkNamespace, string IpcNamespace, string UtsNamespace)
{
    /// <summary>A directory for /dev/shm; null for one a container.</summary>
    public string? SharedMemory { get; init; }
}
