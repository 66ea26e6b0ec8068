namespace Coxswain.Store;

/// <summary>A store that cannot be opened, read or written: what failed, on which path, and why.</summary>
public sealed class StoreException(
    string message, Exception? innerException = null, StoreFailure failure = StoreFailure.Broken)
    : Exception(message, innerException)
{
    public StoreFailure Failure => failure;
}
