using System.Text.Json;
using System.Text.Json.Serialization;
using Coxswain.Engine.Images.Documents;
using Coxswain.Linux.Files;

namespace Coxswain.Engine.Images.Storage;

/// <summary>
/// Which images there are and what they are called: one small file, replaced by rename under the store's lock, and read anew
/// whenever it has been replaced, by this process or another.
/// </summary>
internal sealed class ReferenceFile(StorePaths paths, TimeProvider time)
{
    private readonly Lock _gate = new();
    private (ulong Inode, long Seconds, uint Nanoseconds) _version;
    private ReferenceDocument _document = new();

    public ReferenceDocument Read()
    {
        lock (_gate)
        {
            if (FileStatus.TryRead(paths.References) is not { } status)
            {
                return new ReferenceDocument();
            }

            var version = (status.Inode, status.ModifiedSeconds, status.ModifiedNanoseconds);
            if (version != _version)
            {
                _document = Parse(File.ReadAllBytes(paths.References));
                _version = version;
            }

            return _document;
        }
    }

    /// <summary>Applies a change to the newest document; a change that returns the same document writes nothing.</summary>
    public async Task<ReferenceDocument> ChangeAsync(
        Func<ReferenceDocument, ReferenceDocument> change, CancellationToken cancellationToken)
    {
        using var held = await FileLock.AcquireAsync(paths.Lock, time, cancellationToken);
        var before = Read();
        var after = change(before);
        if (!ReferenceEquals(before, after))
        {
            var aside = paths.References + ".new";
            using (var file = new FileStream(aside, FileMode.Create, FileAccess.Write))
            {
                JsonSerializer.Serialize(file, after, ReferenceJsonContext.Default.ReferenceDocument);
                file.Flush(flushToDisk: true);
            }

            FileNodes.Rename(aside, paths.References);
            DurableFile.SyncDirectory(paths.Images);
        }

        return after;
    }

    private ReferenceDocument Parse(byte[] json)
    {
        try
        {
            return JsonSerializer.Deserialize(json, ReferenceJsonContext.Default.ReferenceDocument) ?? new ReferenceDocument();
        }
        catch (JsonException exception)
        {
            throw new ImageException(ImageErrorKind.Corrupt, $"{paths.References} is damaged: {exception.Message}", exception);
        }
    }
}

/// <summary>Immutable by use: a change makes a new one.</summary>
internal sealed record ReferenceDocument
{
    /// <summary>By image id.</summary>
    public IReadOnlyDictionary<string, ImageRecord> Images { get; init; } = new Dictionary<string, ImageRecord>();

    /// <summary>From a full reference to an image id.</summary>
    public IReadOnlyDictionary<string, Digest> Tags { get; init; } = new Dictionary<string, Digest>();
}

/// <param name="Repositories">Where the manifest came from or was pushed to: <c>registry/repository@digest</c>.</param>
internal sealed record ImageRecord(Descriptor Manifest, DateTimeOffset Added, IReadOnlyList<string> Repositories);

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, WriteIndented = true,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(ReferenceDocument))]
internal sealed partial class ReferenceJsonContext : JsonSerializerContext;
