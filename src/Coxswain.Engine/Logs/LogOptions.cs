namespace Coxswain.Engine.Logs;

/// <summary>What of a log is read.</summary>
public sealed record LogOptions
{
    public bool Follow { get; init; }

    /// <summary>Null for all.</summary>
    public long? TailLines { get; init; }

    public DateTimeOffset? Since { get; init; }

    /// <summary>Later lines end the reading.</summary>
    public DateTimeOffset? Until { get; init; }

    public long? LimitBytes { get; init; }

    public bool Stdout { get; init; } = true;

    public bool Stderr { get; init; } = true;

    /// <summary>Also what was rotated away, oldest first.</summary>
    public bool OldFiles { get; init; }
}
