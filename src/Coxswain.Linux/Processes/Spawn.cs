using System.Collections;
using Coxswain.Linux.Interop;

namespace Coxswain.Linux.Processes;

/// <summary>
/// posix_spawn: unlike a fork it does not copy our page tables, so it costs the same whatever our size.
/// </summary>
internal static unsafe class Spawn
{
    // glibc's structures are 80, 336 and 128 bytes; a later one may grow.
    private const int StructureBytes = 1024;
    private const short SetSignalDefaults = 0x04;
    private const short SetSignalMask = 0x08;
    private const short SetSession = 0x80;

    /// <param name="files">Our descriptor for each of the child's; -1 is /dev/null.</param>
    public static int Start(ProcessSpec spec, IReadOnlyList<(int Ours, int Childs)> files)
    {
        using var arguments = new Utf8Array([spec.FileName, .. spec.Arguments]);
        using var environment = new Utf8Array(EnvironmentOf(spec));
        var actions = stackalloc byte[StructureBytes];
        var attributes = stackalloc byte[StructureBytes];
        var signals = stackalloc byte[StructureBytes];
        _ = LibC.posix_spawn_file_actions_init(actions);
        _ = LibC.posix_spawnattr_init(attributes);
        try
        {
            // .NET ignores SIGPIPE and blocks nothing; the child is to have the defaults of a fresh process.
            _ = LibC.sigfillset(signals);
            _ = LibC.posix_spawnattr_setsigdefault(attributes, signals);
            _ = LibC.sigemptyset(signals);
            _ = LibC.posix_spawnattr_setsigmask(attributes, signals);
            var flags = (short)(SetSignalDefaults | SetSignalMask | (spec.NewSession ? SetSession : 0));
            _ = LibC.posix_spawnattr_setflags(attributes, flags);
            foreach (var (ours, childs) in files)
            {
                _ = ours < 0
                    ? LibC.posix_spawn_file_actions_addopen(actions, childs, "/dev/null", LibC.O_RDWR, 0)
                    : LibC.posix_spawn_file_actions_adddup2(actions, ours, childs);
            }

            // Ours are closed on exec, but not those we were born with: conmon would hold our starter's pipes for ever.
            _ = LibC.posix_spawn_file_actions_addclosefrom_np(actions, files.Max(file => file.Childs) + 1);
            if (spec.WorkingDirectory is { } directory)
            {
                _ = LibC.posix_spawn_file_actions_addchdir_np(actions, directory);
            }

            int pid;
            var error = LibC.posix_spawnp(&pid, spec.FileName, actions, attributes, arguments.Pointer, environment.Pointer);
            return error == 0
                ? pid
                : throw new ProcessFailedException(spec.FileName, -1, new LinuxException("spawn", error).Message);
        }
        finally
        {
            _ = LibC.posix_spawnattr_destroy(attributes);
            _ = LibC.posix_spawn_file_actions_destroy(actions);
        }
    }

    private static List<string> EnvironmentOf(ProcessSpec spec)
    {
        var variables = new Dictionary<string, string>(StringComparer.Ordinal);
        if (spec.Environment is { } given)
        {
            foreach (var (name, value) in given)
            {
                variables[name] = value;
            }
        }
        else
        {
            foreach (DictionaryEntry entry in Environment.GetEnvironmentVariables())
            {
                variables[(string)entry.Key] = (string?)entry.Value ?? "";
            }
        }

        foreach (var (name, value) in spec.ExtraEnvironment ?? new Dictionary<string, string>())
        {
            variables[name] = value;
        }

        return [.. variables.Select(variable => $"{variable.Key}={variable.Value}")];
    }
}
