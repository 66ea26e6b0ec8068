using Coxswain.Linux.Files;


namespace Coxswain.Engine.Images.Layers;

/// <summary>
/// Reads a stack of layer directories as overlayfs would show them, without mounting: for COPY destinations, user names,
/// and the parents of files that a layer adds. Links are followed inside the tree and never leave it.
/// </summary>
internal sealed class MergedTree
{
    private const int MaxLinks = 40;

    /// <param name="layerDirectories">The top layer first.</param>
    public MergedTree(IReadOnlyList<string> layerDirectories)
    {
        LayerDirectories = layerDirectories;
        Root = new MergedNode("/", layerDirectories, null);
    }

    public IReadOnlyList<string> LayerDirectories { get; }

    public MergedNode Root { get; }

    /// <summary>The node at a path, following links on the way, and in the last component when asked; null when nothing is there.</summary>
    public MergedNode? Find(string path, bool followLast = true) => Resolve(path, followLast).Node;

    /// <summary>
    /// Where a path leads once all links are followed, whether or not it exists: the normal form, with the node if there is one.
    /// </summary>
    public MergedPath Resolve(string path, bool followLast = true)
    {
        var pending = new Stack<string>();
        Push(pending, path);
        var trail = new List<MergedNode> { Root };
        var missing = new List<string>();
        var links = 0;
        while (pending.TryPop(out var name))
        {
            if (name == "..")
            {
                if (missing.Count > 0)
                {
                    missing.RemoveAt(missing.Count - 1);
                }
                else if (trail.Count > 1)
                {
                    trail.RemoveAt(trail.Count - 1);
                }

                continue;
            }

            if (missing.Count > 0 || Child(trail[^1], name) is not { } child)
            {
                missing.Add(name);
                continue;
            }

            if (child.Status is { IsSymbolicLink: true } && (followLast || pending.Count > 0))
            {
                if (++links > MaxLinks)
                {
                    throw new ImageException(ImageErrorKind.Invalid, $"too many levels of symbolic links at {path}");
                }

                var target = FileNodes.ReadLink(child.FilePath);
                if (target.StartsWith('/'))
                {
                    trail.RemoveRange(1, trail.Count - 1);
                }

                Push(pending, target);
                continue;
            }

            trail.Add(child);
        }

        var found = trail[^1];
        var parts = trail.Skip(1).Select(node => node.Name).Concat(missing);
        return new MergedPath("/" + string.Join('/', parts), missing.Count == 0 ? found : null);
    }

    /// <summary>One name in a directory; null when no layer has it or it was deleted.</summary>
    public static MergedNode? Child(MergedNode directory, string name)
    {
        if (!directory.IsDirectory)
        {
            return null;
        }

        List<string>? found = null;
        FileStatus? first = null;
        foreach (var layer in directory.Paths)
        {
            var path = Path.Combine(layer, name);
            if (FileStatus.TryRead(path) is not { } status)
            {
                continue;
            }

            if (status.IsWhiteout)
            {
                break;
            }

            if (!status.IsDirectory)
            {
                // A file hides what is below it; below a directory it is itself hidden.
                return found is null ? new MergedNode(name, [path], status) : new MergedNode(name, found, first);
            }

            first ??= status;
            (found ??= []).Add(path);
            if (Whiteouts.IsOpaque(path))
            {
                break;
            }
        }

        return found is null ? null : new MergedNode(name, found, first);
    }

    /// <summary>What a directory holds, in byte order.</summary>
    public static IReadOnlyList<MergedNode> Children(MergedNode directory)
    {
        var names = new SortedSet<string>(StringComparer.Ordinal);
        foreach (var layer in directory.Paths)
        {
            names.UnionWith(FileNodes.Names(layer));
        }

        var children = new List<MergedNode>(names.Count);
        foreach (var name in names)
        {
            if (Child(directory, name) is { } child)
            {
                children.Add(child);
            }
        }

        return children;
    }

    private static void Push(Stack<string> pending, string path)
    {
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

/// <param name="Path">Absolute, inside the tree.</param>
internal readonly record struct MergedPath(string Path, MergedNode? Node);

/// <summary>A file or directory of a merged tree: where its bytes are, in one layer, or in several for a directory.</summary>
internal sealed class MergedNode(string name, IReadOnlyList<string> paths, FileStatus? status)
{
    private FileStatus? _status = status;

    public string Name { get; } = name;

    /// <summary>The places that make up a directory, the top layer first; one for anything else, none for an empty root.</summary>
    public IReadOnlyList<string> Paths { get; } = paths;

    /// <summary>The place whose metadata count.</summary>
    public string FilePath => Paths[0];

    public FileStatus Status => _status ??= Paths.Count == 0 ? new FileStatus { RawMode = 0x41ED } : FileStatus.Read(FilePath);

    public bool IsDirectory => Status.IsDirectory;
}
