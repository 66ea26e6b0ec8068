using Coxswain.Api;
using Coxswain.Api.Json;
using Coxswain.Api.Kinds;
using Coxswain.Api.Meta.V1;
using Coxswain.Api.Protobuf;
using Coxswain.Store;

namespace Coxswain.ApiServer.Documents;

/// <summary>What is derived from a stored entry, each form once, shared by every reader: typed object, metadata, labels.</summary>
internal sealed class StoredObject
{
    /// <summary>In how many versions an entry is kept; with one more it begins anew.</summary>
    private const int MostShown = 8;

    private readonly StoreEntry _entry;
    private IKubeObject? _typed;
    private IReadOnlyDictionary<string, string>? _labels;
    private IKubeObject? _checked;
    private string?[]? _fields;
    private volatile Shown? _shown;
    private byte[]? _message;

    private StoredObject(StoreEntry entry) => _entry = entry;

    /// <summary>
    /// Without the resourceVersion, unless somebody asked for it before. Not kept: most entries are asked once, and what
    /// they hold of it would stay as long as they do.
    /// </summary>
    public ObjectMeta Metadata => (_typed ?? _checked)?.Metadata ?? ReadMetadata(_entry);

    public IReadOnlyDictionary<string, string> Labels => _labels ??= Metadata.Labels;

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

        if (typeof(T) == typeof(KubeObject) && _checked is not KubeObject)
        {
            // A kind with a type of its own is kept in that form alone.
            var whole = Document.ReadWithoutManagedFields(_entry.Value.Span, KubeJson.Deserialize<T>);
            return whole.WithMetadata(WithVersion(whole.Metadata, _entry.ModRevision));
        }

        var read = _checked is T known ? known : Document.ReadWithoutManagedFields(_entry.Value.Span, KubeJson.Deserialize<T>);
        read = read.WithMetadata(WithVersion(read.Metadata, _entry.ModRevision));
        _typed = read;
        _checked = null;
        return read;
    }

    /// <summary>The decoded object, whether or not its metadata carries the resourceVersion; kept with the entry.</summary>
    public IKubeObject Read(Func<ReadOnlySpan<byte>, IKubeObject> read) => _typed ?? _checked ?? (_checked = Document.ReadWithoutManagedFields(_entry.Value.Span, read));

    /// <summary>The entry with its resourceVersion as a protobuf message, made once.</summary>
    public byte[] Message(ObjectKind kind) => _message ??= ProtobufEncoder.Message(kind, ObjectWriter.ToArray(_entry, _entry.ModRevision));

    /// <summary>Keeps what validation decoded of the same bytes, so that nobody decodes them again.</summary>
    public void Keep(IKubeObject decoded) => _checked = decoded;

    /// <summary>A value that field selectors compare, read once and kept.</summary>
    /// <param name="index">Which of the resource's fields.</param>
    public string Field<TState>(int index, TState state, Func<StoreEntry, TState, int, string> read)
    {
        var fields = _fields;
        if (fields is null || fields.Length <= index)
        {
            Array.Resize(ref fields, index + 1);
            _fields = fields;
        }

        return fields[index] ??= read(_entry, state, index);
    }

    /// <summary>The entry as another version shows it, made once for each.</summary>
    /// <param name="version">Whoever asks; compared by reference.</param>
    public StoreEntry In(object version, Func<StoreEntry, StoreEntry> convert)
    {
        var known = ShownIn(version);
        if (known is null)
        {
            KeepShown(version, known = convert(_entry));
        }

        return known;
    }

    /// <summary>What was kept for a version; null when nothing is.</summary>
    public StoreEntry? ShownIn(object version)
    {
        for (var shown = _shown; shown is not null; shown = shown.Next)
        {
            if (ReferenceEquals(shown.Version, version))
            {
                return shown.Entry;
            }
        }

        return null;
    }

    /// <summary>Two readers may both convert; both results are right and one is kept.</summary>
    public void KeepShown(object version, StoreEntry entry)
    {
        // Versions that are not served any more would otherwise be held by every object that was read in them.
        var before = _shown is { Count: >= MostShown } ? null : _shown;
        _shown = new Shown(version, entry, before, (before?.Count ?? 0) + 1);
    }

    /// <summary>Only the metadata, without who owns what.</summary>
    public static ObjectMeta ReadMetadata(StoreEntry entry) => Document.ReadMetadata(entry.Value.Span);

    /// <summary>
    /// Who owns which fields is for clients to see; parts of this process never ask, every cache of theirs would hold it, and an update
    /// that says nothing of it leaves it as it is.
    /// </summary>
    private static ObjectMeta WithVersion(ObjectMeta metadata, long revision)
    {
        var kept = metadata.ManagedFields.Count == 0 ? metadata : metadata with { ManagedFields = [] };
        return revision == 0 ? kept : kept with { ResourceVersion = ResourceVersions.Format(revision) };
    }

    private sealed record Shown(object Version, StoreEntry Entry, Shown? Next, int Count);
}
