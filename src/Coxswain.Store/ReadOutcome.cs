namespace Coxswain.Store;

public enum ReadOutcome
{
    Ok,

    /// <summary>The revision asked for is no longer kept.</summary>
    Compacted,

    /// <summary>The revision asked for has not been written yet.</summary>
    Future,
}
