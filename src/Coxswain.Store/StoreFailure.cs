namespace Coxswain.Store;

public enum StoreFailure
{
    /// <summary>The database or the machine failed; the message says how.</summary>
    Broken,

    /// <summary>
    /// The disk is full. Deletes, and updates that hardly grow a value, are still taken while the home has a reserve.
    /// </summary>
    NoSpace,
}
