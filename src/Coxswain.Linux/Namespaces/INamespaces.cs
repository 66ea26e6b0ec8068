namespace Coxswain.Linux.Namespaces;

/// <summary>Namespaces that live without a process, pinned by bind mounts of their /proc files.</summary>
public interface INamespaces
{
    /// <summary>
    /// Makes new namespaces and pins them as files <c>net</c>, <c>ipc</c>, <c>uts</c> in <paramref name="directory"/>,
    /// which is created. The new network namespace is empty: even its <c>lo</c> is down.
    /// </summary>
    Task<PinnedNamespaces> CreateAsync(string directory, string hostname, CancellationToken cancellationToken);

    /// <summary>Unpins and removes the directory; whatever still runs inside keeps the namespaces alive. Idempotent.</summary>
    void Delete(string directory);

    /// <summary>Runs an action on a thread of its own that has entered the network namespace at <paramref name="netnsPath"/>.</summary>
    Task<T> RunInAsync<T>(string netnsPath, Func<T> action, CancellationToken cancellationToken);
}

/// <summary>Paths to hand to a container that is to join these namespaces.</summary>
public sealed record PinnedNamespaces(string Directory)
{
    public string NetworkPath => Path.Combine(Directory, "net");

    public string IpcPath => Path.Combine(Directory, "ipc");

    public string UtsPath => Path.Combine(Directory, "uts");
}
