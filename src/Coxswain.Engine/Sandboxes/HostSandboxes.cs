using Coxswain.Linux.Mounts;
using Coxswain.Linux.Namespaces;

namespace Coxswain.Engine.Sandboxes;

/// <summary>Each a directory with the pinned namespace and the shared memory in it.</summary>
internal sealed class HostSandboxes(EngineOptions options, INamespaces namespaces, IMounts mounts) : ISandboxes
{
    private readonly string _directory = Path.Combine(options.RunDirectory, "host-sandboxes");
    private readonly SharedMemory _sharedMemory = new(mounts);

    public async Task<HostSandbox> EnsureAsync(
        string sandboxId, IReadOnlyDictionary<string, string>? sysctls, long sharedMemoryBytes, CancellationToken cancellationToken)
    {
        Names.Check("sandbox", sandboxId);
        SandboxSysctls.Check(sysctls, SysctlNamespace.Ipc);
        if (Find(sandboxId) is { } existing)
        {
            return existing;
        }

        var directory = Path.Combine(_directory, sandboxId);
        namespaces.Delete(directory);
        try
        {
            await namespaces.CreateIpcAsync(directory, cancellationToken);
            var sandbox = Describe(sandboxId);
            await namespaces.RunInAsync(null, sandbox.IpcNamespacePath, () => SandboxSysctls.Write(sysctls), cancellationToken);
            // Last: by it a whole one is known.
            _sharedMemory.Create(directory, sharedMemoryBytes);
            return sandbox;
        }
        catch
        {
            namespaces.Delete(directory);
            throw;
        }
    }

    public HostSandbox? Find(string sandboxId)
    {
        Names.Check("sandbox", sandboxId);
        var sandbox = Describe(sandboxId);
        return mounts.List().Any(mount => mount.MountPoint == sandbox.ShmPath) ? sandbox : null;
    }

    public Task RemoveAsync(string sandboxId, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        Names.Check("sandbox", sandboxId);
        namespaces.Delete(Path.Combine(_directory, sandboxId));
        return Task.CompletedTask;
    }

    /// <summary>For the end of a cluster.</summary>
    public void RemoveAll()
    {
        if (Directory.Exists(_directory))
        {
            foreach (var directory in Directory.EnumerateDirectories(_directory))
            {
                namespaces.Delete(directory);
            }

            Directory.Delete(_directory);
        }
    }

    private HostSandbox Describe(string sandboxId)
    {
        var directory = Path.Combine(_directory, sandboxId);
        return new HostSandbox(sandboxId, Path.Combine(directory, "ipc"), Path.Combine(directory, SharedMemory.Name));
    }
}
