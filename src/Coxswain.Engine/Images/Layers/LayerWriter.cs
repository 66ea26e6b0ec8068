using Coxswain.Linux.Files;


namespace Coxswain.Engine.Images.Layers;

/// <summary>
/// Fills the directory of a new layer that goes on top of a stack of others. Paths are checked component by component, so
/// that neither a name nor a link made earlier in the same layer leads out of it.
/// </summary>
internal sealed class LayerWriter
{
    private const int MaxLinks = 40;

    private readonly MergedTree _below;
    private readonly HashSet<string> _knownDirectories = new(StringComparer.Ordinal) { "" };

    public LayerWriter(string root, IReadOnlyList<string> layersBelow)
    {
        Root = root;
        _below = new MergedTree(layersBelow);
    }

    public string Root { get; }

    /// <summary>
    /// The place in this layer for a path of the image. Missing parents are made, like the ones below when those exist: a
    /// parent of ours would otherwise hide their owner and mode.
    /// </summary>
    public string Place(string imagePath) => Path.Combine(Root, Normalise(imagePath, makeParents: true));

    /// <summary>Makes a directory of the image in this layer, like the one below when there is one.</summary>
    public void EnsureDirectory(string imagePath) => Place(imagePath + "/x");

    /// <summary>The place of a path if its parent exists in this layer already; null otherwise.</summary>
    public string? FindPlace(string imagePath)
    {
        var relative = Normalise(imagePath, makeParents: false);
        var path = Path.Combine(Root, relative);
        return FileStatus.TryRead(path) is null ? null : path;
    }

    /// <summary>A path of the image in the layers below, its last component not followed.</summary>
    public MergedNode? FindBelow(string imagePath) => _below.Find(imagePath, followLast: false);

    /// <summary>Makes a directory, or leaves the one that is there; says whether it was made.</summary>
    public bool MakeDirectory(string path)
    {
        if (FileStatus.TryRead(path) is { } status)
        {
            if (status.IsDirectory)
            {
                return false;
            }

            FileNodes.Remove(path);
            FileNodes.MakeDirectory(path, 0x1ED);
            if (status.IsWhiteout)
            {
                // Deleted and made anew in one layer: what was in the old one must not shine through.
                Whiteouts.MakeOpaque(path);
            }

            return true;
        }

        FileNodes.MakeDirectory(path, 0x1ED);
        return true;
    }

    /// <summary>Removes what is at a place before something else is put there.</summary>
    public void Clear(string path)
    {
        if (FileStatus.TryRead(path) is not { } status)
        {
            return;
        }

        TreeRemover.Remove(path);
        if (status.IsDirectory)
        {
            _knownDirectories.RemoveWhere(known => known.Length > 0);
        }
    }

    /// <summary>Splits a path into the safe relative form, following links of this layer inside its root.</summary>
    private string Normalise(string imagePath, bool makeParents)
    {
        var pending = new Stack<string>();
        Push(pending, imagePath);
        var done = "";
        var links = 0;
        while (pending.TryPop(out var name))
        {
            if (name == "..")
            {
                if (done.Length == 0)
                {
                    throw new ImageException(ImageErrorKind.Invalid, $"path leads out of the layer: {imagePath}");
                }

                done = Parent(done);
                continue;
            }

            var next = done.Length == 0 ? name : $"{done}/{name}";
            if (pending.Count == 0)
            {
                return next;
            }

            if (_knownDirectories.Contains(next))
            {
                done = next;
                continue;
            }

            var full = Path.Combine(Root, next);
            if (FileStatus.TryRead(full) is { IsSymbolicLink: true })
            {
                if (++links > MaxLinks)
                {
                    throw new ImageException(ImageErrorKind.Invalid, $"too many levels of symbolic links at {imagePath}");
                }

                var target = FileNodes.ReadLink(full);
                done = target.StartsWith('/') ? "" : done;
                Push(pending, target);
                continue;
            }

            if (makeParents)
            {
                MakeParent(next, full);
                _knownDirectories.Add(next);
            }

            done = next;
        }

        return done;
    }

    private void MakeParent(string relative, string full)
    {
        if (!MakeDirectory(full))
        {
            return;
        }

        if (_below.Find(relative, followLast: false) is { IsDirectory: true } below && !Whiteouts.IsOpaque(full))
        {
            LayerFiles.CopyMetadata(below.FilePath, below.Status, full);
        }
    }

    private static string Parent(string path) => path.LastIndexOf('/') is var slash and > 0 ? path[..slash] : "";

    private static void Push(Stack<string> pending, string path)
    {
        if (path.Contains('\0', StringComparison.Ordinal))
        {
            throw new ImageException(ImageErrorKind.Invalid, "a path holds a zero byte");
        }

        var parts = path.Split('/', StringSplitOptions.RemoveEmptyEntries);
        for (var i = parts.Length - 1; i >= 0; i--)
        {
            if (parts[i] != ".")
            {
                pending.Push(parts[i]);
            }
        }
    }
}
