using Coxswain.Engine.Images.Tar;
using Coxswain.Linux.Files;

namespace Coxswain.Engine.Images.Layers;

/// <summary>
/// Writes a layer directory as the layer's tar, in byte order so that equal directories give equal digests. Overlayfs' marks
/// become whiteout names, and are dropped from the directory where they only speak of the mount that made it.
/// </summary>
internal sealed class LayerTarWriter
{
    private readonly TarWriter _tar;
    private readonly Dictionary<(ulong Device, ulong Inode), string> _links = [];
    private readonly CancellationToken _cancellationToken;
    private readonly Func<string, bool> _isLeftOut;
    private long _size;

    private LayerTarWriter(TarWriter tar, Func<string, bool>? isLeftOut, CancellationToken cancellationToken)
    {
        _tar = tar;
        _isLeftOut = isLeftOut ?? (_ => false);
        _cancellationToken = cancellationToken;
    }

    /// <summary>Returns the bytes of all files.</summary>
    /// <param name="isLeftOut">Given names as they are in the archive; a directory that is left out goes with all below.</param>
    public static long Write(
        string directory, Stream target, CancellationToken cancellationToken, Func<string, bool>? isLeftOut = null)
    {
        using var tar = new TarWriter(target);
        var writer = new LayerTarWriter(tar, isLeftOut, cancellationToken);
        Clean(directory, out var opaque);
        if (opaque)
        {
            writer.WriteWhiteout(Whiteouts.Opaque);
        }

        writer.WriteChildren(directory, "");
        return writer._size;
    }

    /// <summary>Writes one file, or a directory with all below, under a name of the caller's.</summary>
    public static void WriteTree(PinnedPath top, string name, Stream target, CancellationToken cancellationToken)
    {
        using var tar = new TarWriter(target);
        var writer = new LayerTarWriter(tar, null, cancellationToken);
        var status = top.Status;
        var entry = new TarEntry
        {
            Name = status.IsDirectory ? name + "/" : name,
            Type = TypeOf(status),
            Mode = status.Permissions,
            Uid = status.Uid,
            Gid = status.Gid,
            ModifiedSeconds = status.ModifiedSeconds,
        };
        if (!status.IsRegular)
        {
            tar.Write(entry);
            if (status.IsDirectory)
            {
                writer.WriteChildren(top.ShortPath, entry.Name);
            }

            return;
        }

        using var file = top.OpenRead();
        entry.Size = status.Size;
        tar.Write(entry, file);
    }

    private void WriteChildren(string directory, string prefix)
    {
        foreach (var name in FileNodes.Names(directory))
        {
            _cancellationToken.ThrowIfCancellationRequested();
            if (_isLeftOut(prefix + name))
            {
                continue;
            }

            var path = Path.Combine(directory, name);
            var status = FileStatus.Read(path);
            if (status.IsWhiteout)
            {
                WriteWhiteout(prefix + Whiteouts.Prefix + name);
            }
            else if (!status.IsSocket)
            {
                WriteEntry(path, prefix + name, status);
            }
        }
    }

    private void WriteEntry(string path, string name, FileStatus status)
    {
        var attributes = Clean(path, out var opaque);
        var entry = new TarEntry
        {
            Name = status.IsDirectory ? name + "/" : name,
            Type = TypeOf(status),
            Mode = status.Permissions,
            Uid = status.Uid,
            Gid = status.Gid,
            ModifiedSeconds = status.ModifiedSeconds,
            Attributes = attributes,
        };
        if (!status.IsDirectory && status.LinkCount > 1)
        {
            if (_links.TryGetValue((status.Device, status.Inode), out var first))
            {
                _tar.Write(new TarEntry
                {
                    Name = name,
                    Type = TarEntryType.HardLink,
                    LinkName = first,
                    Mode = entry.Mode,
                    Uid = entry.Uid,
                    Gid = entry.Gid,
                    ModifiedSeconds = entry.ModifiedSeconds,
                });
                return;
            }

            _links.Add((status.Device, status.Inode), name);
        }

        switch (entry.Type)
        {
            case TarEntryType.File:
                WriteFile(path, entry, status);
                break;
            case TarEntryType.SymbolicLink:
                entry.LinkName = FileNodes.ReadLink(path);
                _tar.Write(entry);
                break;
            case TarEntryType.Directory:
                _tar.Write(entry);
                if (opaque)
                {
                    WriteWhiteout(entry.Name + Whiteouts.Opaque);
                }

                WriteChildren(path, entry.Name);
                break;
            default:
                entry.DeviceMajor = status.DeviceMajor;
                entry.DeviceMinor = status.DeviceMinor;
                _tar.Write(entry);
                break;
        }
    }

    private void WriteFile(string path, TarEntry entry, FileStatus status)
    {
        using var file = RawFile.OpenRead(path);
        entry.Size = status.Size;
        _size += status.Size;
        _tar.Write(entry, file);
    }

    private void WriteWhiteout(string name) =>
        _tar.Write(new TarEntry { Name = name, Type = TarEntryType.File, Mode = 0, ModifiedSeconds = 0 });

    /// <summary>The attributes that belong to the layer; overlayfs' own, save "opaque", are taken off the file.</summary>
    private static List<KeyValuePair<string, byte[]>> Clean(string path, out bool opaque)
    {
        opaque = false;
        var names = ExtendedAttributes.List(path);
        if (names.Count == 0)
        {
            return [];
        }

        var kept = new List<KeyValuePair<string, byte[]>>();
        foreach (var name in names.Order(StringComparer.Ordinal))
        {
            if (name == Whiteouts.OpaqueAttribute)
            {
                opaque = Whiteouts.IsOpaque(path);
            }
            else if (name.StartsWith(Whiteouts.OverlayPrefix, StringComparison.Ordinal))
            {
                ExtendedAttributes.Remove(path, name);
            }
            else if (ExtendedAttributes.TryGet(path, name) is { } value)
            {
                kept.Add(new(name, value));
            }
        }

        return kept;
    }

    private static TarEntryType TypeOf(FileStatus status) =>
        status.IsDirectory ? TarEntryType.Directory
        : status.IsSymbolicLink ? TarEntryType.SymbolicLink
        : status.IsCharacterDevice ? TarEntryType.CharacterDevice
        : status.IsBlockDevice ? TarEntryType.BlockDevice
        : status.IsFifo ? TarEntryType.Fifo
        : TarEntryType.File;
}
