using System.Security.Cryptography;
using Coxswain.Engine.Events;
using Coxswain.Engine.Images.Layers;
using Coxswain.Linux.Files;

namespace Coxswain.Engine.Local.Volumes;

/// <summary>The volumes of one engine: each a directory <c>NAME/_data</c> with <c>volume.json</c> beside it.</summary>
/// <param name="usersOf">The ids of the containers that have a volume, by its name.</param>
public sealed class LocalVolumes(
    EngineOptions options, IEngineEvents events, TimeProvider time, Func<string, IReadOnlyList<string>> usersOf)
{
    private const int LongestName = 255;

    private readonly string _directory = Path.Combine(options.DataDirectory, "local-volumes");
    private readonly Lock _lock = new();

    public IReadOnlyList<LocalVolume> List() =>
        Directory.Exists(_directory)
            ? [.. Directory.EnumerateDirectories(_directory).Select(path => Find(Path.GetFileName(path))).OfType<LocalVolume>()
                .OrderBy(volume => volume.Name, StringComparer.Ordinal)]
            : [];

    public LocalVolume? Find(string name) =>
        IsName(name)
            && DurableFile.ReadJson(RecordOf(name), LocalJson.Default.LocalVolume, out var volume) == DurableRead.Whole ? volume : null;

    public LocalVolume Get(string name) =>
        Find(name) ?? throw new LocalException(LocalErrorKind.NotFound, $"get {name}: no such volume");

    /// <summary>Where its content is.</summary>
    public string DataOf(string name) => Path.Combine(_directory, name, "_data");

    /// <summary>Makes a volume, or returns the one of that name.</summary>
    /// <param name="name">Null or empty for a new one with a name of 64 digits.</param>
    public LocalVolume Create(
        string? name, IReadOnlyDictionary<string, string>? labels = null, IReadOnlyDictionary<string, string>? driverOptions = null)
    {
        var anonymous = string.IsNullOrEmpty(name);
        name = anonymous ? RandomNumberGenerator.GetHexString(64, lowercase: true) : name!; // Not empty here.
        if (!IsName(name))
        {
            throw new LocalException(
                LocalErrorKind.Invalid,
                $"create {name}: \"{name}\" includes invalid characters for a local volume name, only \"[a-zA-Z0-9][a-zA-Z0-9_.-]\" are allowed");
        }

        if (driverOptions is { Count: > 0 })
        {
            throw new LocalException(
                LocalErrorKind.Unsupported, $"volume {name}: driver options ({string.Join(", ", driverOptions.Keys)}) are not supported");
        }

        lock (_lock)
        {
            if (Find(name) is { } known)
            {
                return known;
            }

            var volume = new LocalVolume(name, time.GetUtcNow(), labels ?? new Dictionary<string, string>(), anonymous);
            Directory.CreateDirectory(DataOf(name));
            FileMetadata.ChangeMode(DataOf(name), 0x1ED);
            DurableFile.WriteJson(RecordOf(name), volume, LocalJson.Default.LocalVolume);
            events.Publish(EngineEventType.VolumeCreated, name, Attributes);
            return volume;
        }
    }

    /// <summary>Removes a volume that no container has.</summary>
    public void Remove(string name, bool force)
    {
        lock (_lock)
        {
            if (Find(name) is null)
            {
                if (force)
                {
                    return;
                }

                Get(name);
            }

            if (usersOf(name) is { Count: > 0 } users)
            {
                throw new LocalException(
                    LocalErrorKind.Conflict, $"remove {name}: volume is in use - [{string.Join(", ", users)}]");
            }

            TreeRemover.Remove(Path.Combine(_directory, name));
            events.Publish(EngineEventType.VolumeDestroyed, name, Attributes);
        }
    }

    /// <summary>Removes what no container has: anonymous ones, and all when asked. Returns their names and bytes.</summary>
    public (IReadOnlyList<string> Names, long Bytes) Prune(bool all, Func<LocalVolume, bool> wanted)
    {
        var removed = new List<string>();
        long bytes = 0;
        foreach (var volume in List().Where(volume => (all || volume.Anonymous) && wanted(volume)))
        {
            var size = SizeOf(volume.Name);
            try
            {
                Remove(volume.Name, force: true);
            }
            catch (LocalException exception) when (exception.Kind == LocalErrorKind.Conflict)
            {
                continue;
            }

            removed.Add(volume.Name);
            bytes += size;
        }

        return (removed, bytes);
    }

    public long SizeOf(string name)
    {
        long bytes = 0;
        TreeWalker.Walk(DataOf(name), entry => bytes += entry.Status.IsRegular ? entry.Status.AllocatedBytes : 0, MountsBelow.Skip);
        return bytes;
    }

    /// <summary>What a container's root has at a path becomes the content of a volume that is empty.</summary>
    public void CopyUp(string name, string rootDirectory, string target)
    {
        var data = DataOf(name);
        if (Directory.EnumerateFileSystemEntries(data).Any())
        {
            return;
        }

        using var root = PinnedPath.Open(rootDirectory);
        using var source = root.OpenInRoot(target);
        if (source is not { Status.IsDirectory: true })
        {
            return;
        }

        var archive = Path.Combine(_directory, name, "copy.tar");
        using var file = new FileStream(archive, FileMode.Create, FileAccess.ReadWrite, FileShare.None, 1 << 16, FileOptions.DeleteOnClose);
        LayerTarWriter.Write(source.ShortPath, file, CancellationToken.None);
        file.Position = 0;
        LayerExtractor.ExtractInto(file, new LayerWriter(data, []), "", CancellationToken.None);
        FileMetadata.ChangeOwner(data, source.Status.Uid, source.Status.Gid);
        FileMetadata.ChangeMode(data, source.Status.Permissions);
    }

    public void DeleteAll() => TreeRemover.Remove(_directory);

    private static IReadOnlyDictionary<string, string> Attributes { get; } = new Dictionary<string, string> { ["driver"] = "local" };

    private static bool IsName(string name) =>
        name.Length is > 0 and <= LongestName && char.IsAsciiLetterOrDigit(name[0])
        && name.All(character => char.IsAsciiLetterOrDigit(character) || character is '_' or '.' or '-');

    private string RecordOf(string name) => Path.Combine(_directory, name, "volume.json");
}
