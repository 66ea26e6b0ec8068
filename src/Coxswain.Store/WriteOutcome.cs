namespace Coxswain.Store;

public enum WriteOutcome
{
    Committed,

    /// <summary>The key was not at the expected revision; nothing changed.</summary>
    Conflict,
}
