using Coxswain.Engine.Images.Tar;
using Coxswain.Linux;
using Coxswain.Linux.Files;

namespace Coxswain.Engine.Images.Layers;

/// <summary>Unpacks a layer's tar into a directory that overlayfs can use as a lower layer.</summary>
internal sealed class LayerExtractor
{
    private const uint OwnerOnly = 0x180;

    /// <summary>What is remembered of each entry while a layer is unpacked adds up; whole distributions have some 100,000.</summary>
    private const int MostEntries = 2_000_000;

    private readonly LayerWriter _writer;
    private readonly string _destination;
    private readonly byte[] _buffer = new byte[128 * 1024];
    private readonly List<(string Path, TarEntry Entry)> _directories = [];
    private readonly HashSet<string> _ownPaths = new(StringComparer.Ordinal);

    private LayerExtractor(LayerWriter writer, string destination)
    {
        _writer = writer;
        _destination = destination;
    }

    /// <summary>Returns the bytes of all files, as <c>docker history</c> counts them.</summary>
    /// <param name="tar">Uncompressed; read to its end.</param>
    /// <param name="root">An existing empty directory.</param>
    /// <param name="layersBelow">The layers this one goes on, top first.</param>
    public static long Extract(Stream tar, string root, IReadOnlyList<string> layersBelow, CancellationToken cancellationToken)
    {
        FileMetadata.ChangeMode(root, 0x1ED);
        return new LayerExtractor(new LayerWriter(root, layersBelow), "").Run(new TarReader(tar), cancellationToken);
    }

    /// <summary>Unpacks an archive that is not a layer below a path of the image, as ADD does.</summary>
    public static void ExtractInto(Stream tar, LayerWriter writer, string destination, CancellationToken cancellationToken)
    {
        var prefix = destination.Trim('/');
        if (prefix.Length > 0)
        {
            writer.EnsureDirectory(prefix);
        }

        new LayerExtractor(writer, prefix).Run(new TarReader(tar), cancellationToken);
    }

    private long Run(TarReader reader, CancellationToken cancellationToken)
    {
        long size = 0;
        var entries = 0;
        while (reader.Next() is { } entry)
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (++entries > MostEntries)
            {
                throw new ImageException(ImageErrorKind.Invalid, $"the archive holds more than {MostEntries} files");
            }

            try
            {
                size += Extract(reader, entry);
            }
            catch (IOException exception)
            {
                throw new ImageException(ImageErrorKind.Failed, $"cannot unpack {RawName.Display(entry.Name)}: {exception.Message}", exception);
            }
        }

        // Only now: writing into a directory changes its time, and a mode without "w" would not stop root but still confuse.
        for (var i = _directories.Count - 1; i >= 0; i--)
        {
            var (path, entry) = _directories[i];
            if (FileStatus.TryRead(path) is { IsDirectory: true })
            {
                FileMetadata.SetModified(path, entry.ModifiedSeconds, entry.ModifiedNanoseconds);
            }
        }

        return size;
    }

    private long Extract(TarReader reader, TarEntry entry)
    {
        var imagePath = entry.Name.TrimEnd('/');
        var name = imagePath[(imagePath.LastIndexOf('/') + 1)..];
        if (name is "" or "." && _destination.Length > 0)
        {
            return 0;
        }

        if (name is "" or ".")
        {
            ApplyMetadata(_writer.Root, entry);
            _directories.Add((_writer.Root, entry));
            return 0;
        }

        if (name == "..")
        {
            throw new ImageException(ImageErrorKind.Invalid, $"path leads out of the layer: {entry.Name}");
        }

        imagePath = InDestination(imagePath);
        if (name.StartsWith(Whiteouts.Prefix, StringComparison.Ordinal))
        {
            ExtractWhiteout(imagePath, name);
            return 0;
        }

        var path = _writer.Place(imagePath);
        if (path == _writer.Root)
        {
            throw new ImageException(ImageErrorKind.Invalid, $"path does not name a file of the layer: {entry.Name}");
        }

        _ownPaths.Add(path);
        if (entry.Type == TarEntryType.Directory)
        {
            ExtractDirectory(path, entry);
            return 0;
        }

        _writer.Clear(path);
        switch (entry.Type)
        {
            case TarEntryType.File:
                ExtractFile(reader, path);
                break;
            case TarEntryType.HardLink:
                ExtractHardLink(path, entry);
                return 0;
            case TarEntryType.SymbolicLink:
                FileNodes.MakeSymbolicLink(entry.LinkName, path);
                break;
            case TarEntryType.Fifo:
                FileNodes.MakeFifo(path, entry.Mode);
                break;
            default:
                FileNodes.MakeDevice(
                    path, entry.Type == TarEntryType.BlockDevice, entry.Mode, entry.DeviceMajor, entry.DeviceMinor);
                break;
        }

        ApplyMetadata(path, entry);
        return entry.Size;
    }

    private void ExtractWhiteout(string imagePath, string name)
    {
        var parent = imagePath[..^name.Length];
        if (name == Whiteouts.Opaque)
        {
            var directory = parent.Length == 0 ? _writer.Root : _writer.Place(parent.TrimEnd('/'));
            if (directory != _writer.Root)
            {
                _writer.MakeDirectory(directory);
            }

            Whiteouts.MakeOpaque(directory);
            return;
        }

        if (name.StartsWith(Whiteouts.MetadataPrefix, StringComparison.Ordinal))
        {
            return;
        }

        var hidden = name[Whiteouts.Prefix.Length..];
        if (hidden is "" or "." or "..")
        {
            throw new ImageException(ImageErrorKind.Invalid, $"malformed whiteout {imagePath}");
        }

        var path = _writer.Place(parent + hidden);
        var status = FileStatus.TryRead(path);
        if (status is null)
        {
            Whiteouts.Make(path);
        }
        else if (status.Value.IsDirectory && _ownPaths.Contains(path))
        {
            // This layer also makes it anew: only the old content goes.
            Whiteouts.MakeOpaque(path);
        }
    }

    private void ExtractDirectory(string path, TarEntry entry)
    {
        _writer.MakeDirectory(path);
        ApplyMetadata(path, entry);
        _directories.Add((path, entry));
    }

    private void ExtractFile(TarReader reader, string path)
    {
        using var file = RawFile.Create(path, OwnerOnly);
        int count;
        while ((count = reader.Read(_buffer)) > 0)
        {
            file.Write(_buffer, 0, count);
        }
    }

    private void ExtractHardLink(string path, TarEntry entry)
    {
        var target = InDestination(entry.LinkName);
        if (_writer.FindPlace(target) is { } existing)
        {
            if (existing != path && FileStatus.Read(existing) is { IsDirectory: false, IsWhiteout: false })
            {
                FileNodes.MakeHardLink(existing, path);
                return;
            }
        }
        else if (_writer.FindBelow(target) is { IsDirectory: false } below)
        {
            // A hard link cannot span overlay layers: the file is copied up, as overlayfs itself would.
            LayerFiles.CopyEntry(below.FilePath, below.Status, path);
            return;
        }

        throw new ImageException(ImageErrorKind.Invalid, $"hard link {entry.Name} to {entry.LinkName}, which is not a file of the image");
    }

    private string InDestination(string path) => _destination.Length == 0 ? path : $"{_destination}/{path}";

    private static void ApplyMetadata(string path, TarEntry entry)
    {
        FileMetadata.ChangeOwner(path, entry.Uid, entry.Gid);
        foreach (var (name, value) in entry.Attributes)
        {
            // Overlayfs' marks in a foreign archive could redirect a directory to another place of the host.
            if (!name.StartsWith(Whiteouts.OverlayPrefix, StringComparison.Ordinal))
            {
                SetAttribute(path, name, value);
            }
        }

        if (entry.Type != TarEntryType.SymbolicLink)
        {
            FileMetadata.ChangeMode(path, entry.Mode);
        }

        FileMetadata.SetModified(path, entry.ModifiedSeconds, entry.ModifiedNanoseconds);
    }

    private static void SetAttribute(string path, string name, byte[] value)
    {
        try
        {
            ExtendedAttributes.Set(path, name, value);
        }
        catch (IOException) when (!name.StartsWith("security.capability", StringComparison.Ordinal))
        {
            // SELinux labels and the like mean nothing on a kernel without them; Docker drops them as well.
        }
    }
}
