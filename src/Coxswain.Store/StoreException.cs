namespace Coxswain.Store;

/// <summary>A store that cannot be opened, read or written: what failed, on which path, and why.</summary>
public sealed class StoreException(string message, Exception? innerException = null)
    : Exception(message, innerException);
