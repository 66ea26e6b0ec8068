using Coxswain.Linux;

namespace Coxswain.Engine.Sandboxes;

/// <summary>The kernel settings of a sandbox, written by a thread that has entered its namespaces.</summary>
internal static class SandboxSysctls
{
    /// <param name="only">Null when it has a network and an IPC namespace of its own.</param>
    /// <exception cref="EngineException">One is not of a namespace the sandbox has.</exception>
    public static void Check(IReadOnlyDictionary<string, string>? settings, SysctlNamespace? only = null)
    {
        foreach (var name in settings?.Keys ?? [])
        {
            if (NamespacedSysctl.Check(name) is var space && only is not null && space != only)
            {
                throw new EngineException($"sysctl {name} cannot be set: the sandbox shares that namespace with the machine");
            }
        }
    }

    public static bool Write(IReadOnlyDictionary<string, string>? settings, bool ignoreMissing = false)
    {
        foreach (var (name, value) in settings ?? new Dictionary<string, string>())
        {
            NamespacedSysctl.Check(name);
            var file = NamespacedSysctl.FileOf(name);
            if (ignoreMissing && !File.Exists(file))
            {
                continue;
            }

            try
            {
                File.WriteAllText(file, value);
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
            {
                throw new LinuxException($"set {name} to {value}", exception);
            }
        }

        return true;
    }
}
