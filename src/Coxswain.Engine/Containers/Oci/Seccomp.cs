using System.Text.Json;
using Coxswain.Linux.Files;

namespace Coxswain.Engine.Containers.Oci;

/// <summary>Rules as the runtime specification has them, each perhaps bound to a capability.</summary>
internal sealed record SeccompProfileData(
    string DefaultAction, uint? DefaultErrnoRet, IReadOnlyList<string>? Architectures, IReadOnlyList<SeccompRule>? Syscalls)
{
    public IReadOnlyList<string>? Flags { get; init; }
}

internal sealed record SeccompRule(IReadOnlyList<string> Names, string Action)
{
    public uint? ErrnoRet { get; init; }

    public IReadOnlyList<OciSyscallArgument>? Args { get; init; }

    /// <summary>Only with this capability.</summary>
    public string? With { get; init; }

    /// <summary>Only without it.</summary>
    public string? Without { get; init; }
}

/// <summary>Which system calls a container may make.</summary>
internal static class Seccomp
{
    /// <summary>A profile is some tens of KB.</summary>
    private const long MostBytes = 1024 * 1024;

    private static readonly Lazy<SeccompProfileData> Default = new(ReadDefault);

    /// <param name="capabilities">The container's bounding set: what root may do, the calls for it may be made for.</param>
    /// <exception cref="EngineException">There is no such profile, or it is none.</exception>
    public static OciSeccomp? Of(ContainerSpec spec, IReadOnlyList<string> capabilities) =>
        spec.Privileged ? null : spec.Seccomp.Kind switch
        {
            SeccompKind.Unconfined => null,
            SeccompKind.Localhost => Bind(Read(spec.Seccomp.Path ?? ""), capabilities),
            _ => Bind(Default.Value, capabilities),
        };

    private static OciSeccomp Bind(SeccompProfileData profile, IReadOnlyList<string> capabilities) => new(
        profile.DefaultAction,
        profile.DefaultErrnoRet,
        profile.Architectures,
        [.. (profile.Syscalls ?? [])
            .Where(rule => (rule.With is null || capabilities.Contains(rule.With))
                && (rule.Without is null || !capabilities.Contains(rule.Without)))
            .Select(rule => new OciSyscall(rule.Names, rule.Action) { ErrnoRet = rule.ErrnoRet, Args = rule.Args })])
    {
        Flags = profile.Flags,
    };

    private static SeccompProfileData Read(string path)
    {
        try
        {
            using var pinned = PinnedPath.Open(Path.GetFullPath(path));
            using var file = pinned.OpenRead();
            return file.Length <= MostBytes && JsonSerializer.Deserialize(file, OciJson.Default.SeccompProfileData) is { } profile
                ? profile
                : throw new EngineException($"{path} is no seccomp profile");
        }
        catch (Exception exception) when (exception is IOException or JsonException or Linux.LinuxException or ArgumentException)
        {
            throw new EngineException($"the seccomp profile {path} cannot be read", exception);
        }
    }

    private static SeccompProfileData ReadDefault()
    {
        using var stream = typeof(Seccomp).Assembly.GetManifestResourceStream("seccomp.json")!; // Built in.
        return JsonSerializer.Deserialize(stream, OciJson.Default.SeccompProfileData)!; // It holds an object.
    }
}
