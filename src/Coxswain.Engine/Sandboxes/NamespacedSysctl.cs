namespace Coxswain.Engine.Sandboxes;

public enum SysctlNamespace
{
    Network,
    Ipc,
}

/// <summary>
/// Which kernel settings belong to a namespace. All others are the whole machine's, and no container may have them written.
/// </summary>
public static class NamespacedSysctl
{
    private static readonly HashSet<string> IpcNames = new(StringComparer.Ordinal)
    {
        "kernel.msgmax", "kernel.msgmnb", "kernel.msgmni", "kernel.sem", "kernel.shmall", "kernel.shmmax", "kernel.shmmni",
        "kernel.shm_rmid_forced",
    };

    /// <summary>Null for a setting of the machine, and for what is no setting's name at all.</summary>
    /// <param name="name">With dots, or with slashes where a part has dots in it (<c>net/ipv4/conf/eth0.1/forwarding</c>).</param>
    public static SysctlNamespace? Of(string name)
    {
        var parts = Parts(name);
        if (parts.Length < 2 || parts.Any(part => !IsPlain(part)))
        {
            return null;
        }

        return parts[0] == "net" ? SysctlNamespace.Network
            : IpcNames.Contains(string.Join('.', parts)) || (parts.Length == 3 && parts[0] == "fs" && parts[1] == "mqueue")
                ? SysctlNamespace.Ipc
                : null;
    }

    /// <exception cref="EngineException">It is not in a namespace of its own.</exception>
    public static SysctlNamespace Check(string name) =>
        Of(name) ?? throw new EngineException($"sysctl {name} is a setting of the whole machine, not of a container");

    /// <summary>Its file, as seen from inside the namespace. Only for names that <see cref="Of"/> knows.</summary>
    public static string FileOf(string name) => "/proc/sys/" + string.Join('/', Parts(name));

    // As sysctl(8): the first separator says which one parts the name.
    private static string[] Parts(string name)
    {
        var first = name.IndexOfAny(['.', '/']);
        return first < 0 ? [name] : name.Split(name[first]);
    }

    // Nothing that would lead elsewhere in /proc.
    private static bool IsPlain(string part) =>
        part.Length > 0 && part is not ("." or "..")
        && part.All(character => char.IsAsciiLetterOrDigit(character) || character is '-' or '_' or '.' or '*');
}
