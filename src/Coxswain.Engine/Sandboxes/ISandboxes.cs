namespace Coxswain.Engine.Sandboxes;

/// <summary>
/// Sandboxes on the machine's own network: their containers share an IPC namespace and its /dev/shm, and nothing else. Sandboxes with a
/// network of their own have both too, and are made by attaching them.
/// </summary>
public interface ISandboxes
{
    /// <summary>Makes it, or returns the one that is there. One that was cut short in being made is made anew.</summary>
    /// <param name="sysctls">Of the IPC namespace only.</param>
    Task<HostSandbox> EnsureAsync(
        string sandboxId, IReadOnlyDictionary<string, string>? sysctls, long sharedMemoryBytes, CancellationToken cancellationToken);

    HostSandbox? Find(string sandboxId);

    /// <summary>Call when its containers are gone. Idempotent.</summary>
    Task RemoveAsync(string sandboxId, CancellationToken cancellationToken);
}

public sealed record HostSandbox(string SandboxId, string IpcNamespacePath, string ShmPath);
