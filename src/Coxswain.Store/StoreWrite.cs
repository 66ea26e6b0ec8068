namespace Coxswain.Store;

/// <param name="Value">
/// The new value; null deletes the key. The store keeps this memory and every reader shares it: nobody may change it
/// after the call.
/// </param>
/// <param name="ExpectedRevision">
/// The ModRevision the key must have: null for any (a delete of a missing key then changes nothing), 0 for "must not exist".
/// </param>
/// <remarks>
/// A null <c>byte[]</c> given as the value converts to empty memory, not to null: <see cref="Delete"/> cannot be
/// mistaken.
/// </remarks>
public readonly record struct StoreWrite(string Key, ReadOnlyMemory<byte>? Value, long? ExpectedRevision)
{
    public static StoreWrite Put(string key, ReadOnlyMemory<byte> value, long? expectedRevision) =>
        new(key, value, expectedRevision);

    public static StoreWrite Delete(string key, long? expectedRevision) => new(key, null, expectedRevision);
}
