namespace Coxswain.Store;

/// <param name="Value">
/// The new value; null deletes the key. The store keeps this memory and every reader shares it: nobody may change it
/// after the call.
/// </param>
/// <param name="ExpectedRevision">
/// The ModRevision the key must have: null for any (a delete of a missing key then changes nothing), 0 for "must not exist".
/// </param>
public readonly record struct StoreWrite(string Key, ReadOnlyMemory<byte>? Value, long? ExpectedRevision);
