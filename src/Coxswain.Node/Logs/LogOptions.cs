namespace Coxswain.Node.Logs;

/// <summary>What <c>kubectl logs</c> asks for.</summary>
internal sealed record LogOptions
{
    public bool Follow { get; init; }

    public long? TailLines { get; init; }

    public DateTimeOffset? Since { get; init; }

    public bool Timestamps { get; init; }

    public long? LimitBytes { get; init; }

    /// <summary>Only <c>Stdout</c> or only <c>Stderr</c>; empty for both.</summary>
    public string Stream { get; init; } = "";
}
