namespace Coxswain.Store.Sqlite;

/// <summary>What tests set otherwise than a server does.</summary>
internal sealed record SqliteTuning
{
    /// <summary>
    /// What <see cref="DiskReserve"/> takes, in quarters: for the log, for what the log adds to the database when it is
    /// copied, for the history that is still kept, and for rows that are not deleted yet.
    /// </summary>
    public long ReserveBytes { get; init; } = 128L << 20;

    /// <summary>The revision that follows another, for a store that skips some; null for the next.</summary>
    public Func<long, long>? Successor { get; init; }

    /// <summary>Asked with its text before each step of a statement; another code than Ok is what the step then answers.</summary>
    public Func<string, int>? Fault { get; init; }
}
