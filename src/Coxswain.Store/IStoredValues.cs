namespace Coxswain.Store;

/// <summary>How values stand on the disk, where that is not as they are: encrypted. In memory, and to readers, they are as they were written.</summary>
/// <remarks>Called by the one thread that writes, and by the start.</remarks>
public interface IStoredValues
{
    ReadOnlyMemory<byte> ToDisk(string key, ReadOnlyMemory<byte> value);

    /// <exception cref="StoreException">The value cannot be read.</exception>
    ReadOnlyMemory<byte> FromDisk(string key, ReadOnlyMemory<byte> value);
}
