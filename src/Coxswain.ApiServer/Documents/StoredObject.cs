using System.Text.Json;
using Coxswain.Api;
using Coxswain.Api.Meta.V1;
using Coxswain.Store;

namespace Coxswain.ApiServer.Documents;

/// <summary>What is derived from a stored entry, each form once, shared by every reader: typed object, metadata, labels.</summary>
internal sealed class StoredObject
{
    private readonly StoreEntry _entry;
    private IKubeObject? _typed;
    private IReadOnlyDictionary<string, string>? _labels;

    private StoredObject(StoreEntry entry) => _entry = entry;

    public IReadOnlyDictionary<string, string> Labels => _labels ??= _typed?.Metadata.Labels ?? ReadMetadata(_entry).Labels;

    public static StoredObject Of(StoreEntry entry) => entry.Derive(static entry => new StoredObject(entry));

    /// <summary>The decoded object with its resourceVersion, kept with the entry.</summary>
    public T As<T>()
        where T : IKubeObject<T>
    {
        if (typeof(T) == typeof(PartialObjectMetadata))
        {
            // Not kept: who wants no more than metadata mostly wants it once, and holds on to less of it.
            var metadata = _typed?.Metadata ?? WithVersion(ReadMetadata(_entry), _entry.ModRevision);
            return (T)(IKubeObject)new PartialObjectMetadata { Metadata = metadata };
        }

        if (_typed is T typed)
        {
            return typed;
        }

        var read = KubeJson.Deserialize<T>(_entry.Value.Span);
        read = read.WithMetadata(WithVersion(read.Metadata, _entry.ModRevision));
        _typed = read;
        return read;
    }

    /// <summary>The decoded object if somebody keeps it already; made for this call alone otherwise.</summary>
    public IKubeObject Read(ObjectKind kind) => _typed ?? KubeTypes.Read(kind, _entry.Value.Span);

    /// <summary>Only the metadata; it comes first in a stored value, so the rest is not looked at.</summary>
    public static ObjectMeta ReadMetadata(StoreEntry entry)
    {
        var reader = new Utf8JsonReader(entry.Value.Span);
        reader.Read();
        reader.Read();
        reader.Read();
        return ObjectMeta.Read(ref reader);
    }

    private static ObjectMeta WithVersion(ObjectMeta metadata, long revision) =>
        revision == 0 ? metadata : metadata with { ResourceVersion = ResourceVersions.Format(revision) };
}
