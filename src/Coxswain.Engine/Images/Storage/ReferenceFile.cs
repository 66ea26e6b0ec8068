using System.Text.Json.Serialization;
using Coxswain.Engine.Images.Documents;
using Coxswain.Linux.Files;
using Microsoft.Extensions.Logging;

namespace Coxswain.Engine.Images.Storage;

/// <summary>
/// Which images there are and what they are called: one small file, replaced by rename under the store's lock, and read anew
/// whenever it has been replaced, by this process or another. The one before is kept, for the day a disk loses this one.
/// </summary>
internal sealed partial class ReferenceFile(StorePaths paths, TimeProvider time, ILogger logger)
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
                _document = Load();
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
            if (DurableFile.ReadJson(paths.References, ReferenceJsonContext.Default.ReferenceDocument, out _) == DurableRead.Whole)
            {
                FileNodes.Remove(Previous);
                FileNodes.MakeHardLink(paths.References, Previous);
            }

            DurableFile.WriteJson(paths.References, after, ReferenceJsonContext.Default.ReferenceDocument);
        }

        return after;
    }

    private string Previous => paths.References + ".previous";

    private ReferenceDocument Load()
    {
        if (TryLoad(paths.References) is { } document)
        {
            return document;
        }

        // Content is in the store by digest whatever its names: losing the newest of them is better than losing all.
        var previous = TryLoad(Previous);
        Log.Damaged(logger, paths.References, previous is null ? "no images are known" : "the one before is used");
        return previous ?? new ReferenceDocument();
    }

    private static ReferenceDocument? TryLoad(string path)
    {
        DurableFile.ReadJson(path, ReferenceJsonContext.Default.ReferenceDocument, out var document);
        var isWhole = document is { Images: not null, Tags: not null }
            && document.Images.All(image => Digest.TryParse(image.Key, out _) && image.Value is { Manifest.Digest.IsEmpty: false })
            && document.Tags.Keys.All(tag => ImageReference.TryParse(tag, out _) is not null);
        return isWhole ? document : null;
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Error, "{File} is damaged: {Consequence}")]
        public static partial void Damaged(ILogger logger, string file, string consequence);
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
