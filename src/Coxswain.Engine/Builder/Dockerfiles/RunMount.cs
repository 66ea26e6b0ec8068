namespace Coxswain.Engine.Builder.Dockerfiles;

/// <param name="Type"><c>cache</c> or <c>tmpfs</c>.</param>
/// <param name="Id">Of a cache: builds that name the same id share it.</param>
internal sealed record RunMount(string Type, string Target, string Id)
{
    public bool ReadOnly { get; init; }

    public CacheSharing Sharing { get; init; }

    /// <summary>Of a cache that is made now; one that is there keeps its own.</summary>
    public uint Mode { get; init; }

    public uint Uid { get; init; }

    public uint Gid { get; init; }

    /// <summary>Of memory, as mount(8) writes it; empty for the kernel's default.</summary>
    public string Size { get; init; } = "";
}

/// <summary>What happens when two steps want one cache at a time.</summary>
internal enum CacheSharing
{
    /// <summary>Both use it.</summary>
    Shared,

    /// <summary>The second gets another of its own.</summary>
    Private,

    /// <summary>The second waits.</summary>
    Locked,
}
