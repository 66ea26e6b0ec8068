using Coxswain.Linux.Interop;

namespace Coxswain.Linux.Files;

/// <summary>What a walk shows of one entry; to be used only while it shows it.</summary>
public sealed class TreeEntry
{
    private readonly Func<string> _path;

    internal TreeEntry(PinnedPath file, int depth, Func<string> path)
    {
        File = file;
        Depth = depth;
        _path = path;
    }

    public PinnedPath File { get; }

    public FileStatus Status => File.Status;

    /// <summary>0 for the root of the walk.</summary>
    public int Depth { get; }

    /// <summary>From the root of the walk, whose own is empty; see <see cref="RawName"/> for what cannot be spelled.</summary>
    public string RelativePath => _path();
}

/// <summary>
/// Shows everything in a tree, parents first, always in the same order: any names, any depth, with three descriptors. Never
/// follows a link and never enters a mount, though the root may be one.
/// </summary>
public static class TreeWalker
{
    /// <param name="visit">Called for the root too.</param>
    /// <exception cref="LinuxException">The kernel refuses, or there is a mount point and those are refused.</exception>
    public static void Walk(
        string root, Action<TreeEntry> visit, MountsBelow mounts = MountsBelow.Refuse, CancellationToken cancellationToken = default)
    {
        using var top = PinnedPath.Open(root);
        visit(new TreeEntry(top, 0, () => ""));
        if (!top.Status.IsDirectory)
        {
            return;
        }

        using var cursor = new TreeCursor(DirectoryDescriptor.Open(top.ShortPath));
        var lists = new Stack<Queue<byte[]>>();
        lists.Push(List(cursor));
        while (lists.TryPeek(out var names))
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (!names.TryDequeue(out var name))
            {
                lists.Pop();
                if (lists.Count > 0)
                {
                    cursor.Leave();
                }
            }
            else if (Show(cursor, name, lists.Count, visit, root, mounts) && cursor.TryEnter(name))
            {
                lists.Push(List(cursor));
            }
        }
    }

    /// <summary>True when it is a directory to go into.</summary>
    private static bool Show(
        TreeCursor cursor, byte[] name, int depth, Action<TreeEntry> visit, string root, MountsBelow mounts)
    {
        using var file = PinnedPath.TryOpen(cursor.Current, name);
        if (file is not null)
        {
            visit(new TreeEntry(file, depth, () => cursor.PathOf(name)));
            return file.Status.IsDirectory;
        }

        return LibC.Errno switch
        {
            LibC.ENOENT => false,
            LibC.EXDEV when mounts == MountsBelow.Skip => false,
            LibC.EXDEV => throw new LinuxException($"walk {root}/{RawName.Display(cursor.PathOf(name))}: it is a mount point"),
            var errno => throw new LinuxException($"open {root}/{RawName.Display(cursor.PathOf(name))}", errno),
        };
    }

    private static Queue<byte[]> List(TreeCursor cursor)
    {
        var names = cursor.Current.Names();
        names.Sort((a, b) => a.Name.SequenceCompareTo(b.Name));
        return new Queue<byte[]>(names.Select(name => name.Terminated));
    }
}
