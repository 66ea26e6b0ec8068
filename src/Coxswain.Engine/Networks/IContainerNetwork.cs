using System.Net;
using Coxswain.Engine.Sandboxes;

namespace Coxswain.Engine.Networks;

/// <summary>A bridge to which sandboxes (pinned network, IPC and UTS namespaces) are attached, each with an address of its own.</summary>
public interface IContainerNetwork
{
    ContainerNetworkOptions Options { get; }

    /// <summary>
    /// Why sandboxes may reach nothing beyond the machine although all of ours is in place: a rule of somebody else's that we do not
    /// touch. Null when nothing of the kind is known.
    /// </summary>
    string? Obstacle { get; }

    /// <summary>
    /// Makes the bridge, its address, routes and rules, or brings what is there to this state. Attachments on disk are
    /// known again, and those whose sandbox is gone give their address back. Call once before anything else; idempotent.
    /// </summary>
    Task EnsureAsync(CancellationToken cancellationToken);

    /// <summary>
    /// Puts back what is taken away from outside (the bridge, its address, routes and rules, the links of sandboxes), until cancelled.
    /// </summary>
    Task WatchAsync(CancellationToken cancellationToken);

    /// <summary>Makes a sandbox with an address, a default route and <c>lo</c> up. With an id already attached, returns that attachment.</summary>
    /// <exception cref="EngineException">No address is free, or the kernel refused.</exception>
    Task<NetworkAttachment> AttachAsync(NetworkAttachRequest request, CancellationToken cancellationToken);

    /// <summary>
    /// Unpins the sandbox's namespaces and frees its address; call when its containers are gone. The kernel removes the
    /// link a moment later, in the background. Idempotent.
    /// </summary>
    Task DetachAsync(string sandboxId, CancellationToken cancellationToken);

    /// <summary>What is attached, also from before a restart of ours.</summary>
    IReadOnlyList<NetworkAttachment> List();

    NetworkAttachment? Find(string sandboxId);

    /// <summary>Detaches everything and removes bridge, routes, rules and state: nothing of the network is left.</summary>
    Task DeleteAllAsync(CancellationToken cancellationToken);
}

/// <param name="SandboxId">Letters, digits, dashes, underscores and dots; a pod's UID for example.</param>
/// <param name="Hostname">The UTS host name.</param>
/// <param name="Sysctls">
/// Written in the new namespaces, e.g. <c>net.ipv4.ip_unprivileged_port_start</c> = 0; settings of the machine are refused.
/// </param>
public sealed record NetworkAttachRequest(
    string SandboxId, string Hostname, IReadOnlyDictionary<string, string>? Sysctls = null)
{
    /// <summary>Size of the sandbox's /dev/shm.</summary>
    public long SharedMemoryBytes { get; init; } = 64 * 1024 * 1024;
}

/// <param name="Directory">Where the namespaces are pinned.</param>
/// <param name="PrefixLength">
/// 32: a sandbox reaches even its neighbours through the gateway, so that rewritten (Service) and filtered traffic passes
/// the host's routing in both directions, without br_netfilter.
/// </param>
/// <param name="HostLink">The device on the host's side.</param>
public sealed record NetworkAttachment(
    string SandboxId,
    string Hostname,
    string Directory,
    IPAddress Address,
    int PrefixLength,
    IPAddress Gateway,
    string HostLink)
{
    public string NetworkNamespacePath => Path.Combine(Directory, "net");

    public string IpcNamespacePath => Path.Combine(Directory, "ipc");

    public string UtsNamespacePath => Path.Combine(Directory, "uts");

    /// <summary>What its containers have as /dev/shm.</summary>
    public string ShmPath => Path.Combine(Directory, SharedMemory.Name);
}
