namespace Coxswain.Linux.Namespaces;

/// <summary>Namespaces that live without a process, pinned by bind mounts of their /proc files.</summary>
public interface INamespaces
{
    /// <summary>
    /// Makes new namespaces and pins them as files <c>net</c>, <c>ipc</c>, <c>uts</c> in <paramref name="directory"/>,
    /// which is created. The new network namespace is empty: even its <c>lo</c> is down.
    /// </summary>
    Task<PinnedNamespaces> CreateAsync(string directory, string hostname, CancellationToken cancellationToken);

    /// <summary>The same with an IPC namespace alone, as <c>ipc</c>.</summary>
    Task CreateIpcAsync(string directory, CancellationToken cancellationToken);

    /// <summary>Unpins and unmounts what is in the directory and removes it; whatever still runs inside keeps the namespaces alive. Idempotent.</summary>
    void Delete(string directory);

    /// <summary>Runs an action on a thread of its own that has entered these namespaces; null leaves it in ours.</summary>
    Task<T> RunInAsync<T>(string? netnsPath, string? ipcPath, Func<T> action, CancellationToken cancellationToken);

    /// <summary>The same with a network namespace alone.</summary>
    Task<T> RunInAsync<T>(string netnsPath, Func<T> action, CancellationToken cancellationToken);
}

/// <summary>Paths to hand to a container that is to join these namespaces.</summary>
public sealed record PinnedNamespaces(string Directory)
{
    public string NetworkPath => Path.Combine(Directory, "net");

    public string IpcPath => Path.Combine(Directory, "ipc");

    public string UtsPath => Path.Combine(Directory, "uts");
}
