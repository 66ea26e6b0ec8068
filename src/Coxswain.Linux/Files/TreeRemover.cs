using Coxswain.Linux.Interop;

namespace Coxswain.Linux.Files;

/// <summary>
/// Removes a file or a whole tree whatever containers have put there: names that are not UTF-8, paths longer than the kernel
/// takes, links, devices. Never follows a link and never enters a mount. Two descriptors are open at most.
/// </summary>
public static unsafe class TreeRemover
{
    /// <summary>How often a directory is emptied again when somebody still writes into it.</summary>
    private const int MostPasses = 100;

    /// <summary>Removes what is at a path; nothing there is fine, so a removal cut short can be done again.</summary>
    /// <exception cref="LinuxException">The kernel refuses, or there is a mount point and those are refused.</exception>
    public static void Remove(string path, MountsBelow mounts = MountsBelow.Refuse)
    {
        var full = Path.TrimEndingDirectorySeparator(Path.GetFullPath(path));
        var parent = Path.GetDirectoryName(full) ?? throw new LinuxException("remove /: refused");
        if (DirectoryDescriptor.TryOpen(parent) is { } above)
        {
            using var cursor = new TreeCursor(above);
            var top = new Frame();
            top.Pending.Enqueue(([.. RawName.ToBytes(Path.GetFileName(full)), 0], 0));
            Run(cursor, top, new Request(parent, mounts));
        }
        else if (LibC.Errno is var errno and not (LibC.ENOENT or LibC.ENOTDIR))
        {
            throw Failure.Of("open directory", parent, errno);
        }
    }

    /// <summary>Empties a directory, which may be a mount point itself, and leaves it.</summary>
    public static void RemoveContents(string directory, MountsBelow mounts = MountsBelow.Refuse)
    {
        foreach (var name in FileNodes.Names(directory))
        {
            Remove(Path.Combine(directory, name), mounts);
        }
    }

    private static void Run(TreeCursor cursor, Frame top, Request request)
    {
        var frames = new Stack<Frame>();
        frames.Push(top);
        while (frames.TryPeek(out var frame))
        {
            if (frame.Pending.TryDequeue(out var next))
            {
                if (Unlink(cursor, frame, next.Name, request) && Enter(cursor, frame, next.Name, request))
                {
                    frames.Push(new Frame { Passes = next.Passes });
                }
            }
            else if (frame == top)
            {
                return;
            }
            else if (cursor.Current.ReadSome() is { Count: > 0 } entries)
            {
                foreach (var entry in entries)
                {
                    Sort(cursor, frame, entry, request);
                }
            }
            else
            {
                frames.Pop();
                Finish(cursor, frames.Peek(), frame, request);
            }
        }
    }

    /// <summary>Removes an entry at once, or keeps it for later when it is a directory.</summary>
    private static void Sort(TreeCursor cursor, Frame frame, DirectoryEntry entry, Request request)
    {
        if (frame.Left?.Contains(RawName.FromBytes(entry.Name)) == true)
        {
            return;
        }

        if (entry.Type == DirectoryEntry.Directory || Unlink(cursor, frame, entry.Terminated, request))
        {
            frame.Pending.Enqueue((entry.Terminated, 0));
        }
    }

    /// <summary>True when it is a directory and so still there.</summary>
    private static bool Unlink(TreeCursor cursor, Frame frame, byte[] name, Request request)
    {
        if (Unlink(cursor.Current.Fd, name, 0))
        {
            return false;
        }

        switch (LibC.Errno)
        {
            case LibC.EISDIR:
                return true;
            case LibC.ENOENT:
                return false;
            case LibC.EBUSY:
                frame.Leave(name, cursor, request);
                return false;
            default:
                throw Refused(cursor, name, request);
        }
    }

    private static bool Enter(TreeCursor cursor, Frame frame, byte[] name, Request request)
    {
        if (cursor.TryEnter(name))
        {
            return true;
        }

        switch (LibC.Errno)
        {
            case LibC.EXDEV:
                frame.Leave(name, cursor, request);
                return false;
            // Gone, or replaced by something else: the next pass sees what it is.
            case LibC.ENOENT or LibC.ENOTDIR or LibC.ELOOP:
                return false;
            default:
                throw Refused(cursor, name, request);
        }
    }

    /// <summary>Back in the parent: removes the emptied directory, or begins again when it was filled meanwhile.</summary>
    private static void Finish(TreeCursor cursor, Frame parent, Frame frame, Request request)
    {
        var name = cursor.Leave();
        if (frame.Left is not null)
        {
            parent.Leave(name);
            return;
        }

        if (Unlink(cursor.Current.Fd, name, LibC.AT_REMOVEDIR) || LibC.Errno == LibC.ENOENT)
        {
            return;
        }

        switch (LibC.Errno)
        {
            case LibC.ENOTEMPTY when frame.Passes + 1 < MostPasses:
                parent.Pending.Enqueue((name, frame.Passes + 1));
                return;
            case LibC.EBUSY:
                parent.Leave(name, cursor, request);
                return;
            default:
                throw Refused(cursor, name, request);
        }
    }

    private static bool Unlink(int directory, byte[] name, int flags)
    {
        fixed (byte* start = name)
        {
            return LibC.unlinkat(directory, start, flags) == 0;
        }
    }

    private static LinuxException Refused(TreeCursor cursor, byte[] name, Request request)
    {
        var errno = LibC.Errno;
        return new LinuxException($"remove {request.Parent}/{RawName.Display(cursor.PathOf(name))}", errno);
    }

    private readonly record struct Request(string Parent, MountsBelow Mounts);

    /// <summary>A directory being emptied.</summary>
    private sealed class Frame
    {
        /// <summary>Directories found in it, and how often each was emptied before: at most those of one read.</summary>
        public Queue<(byte[] Name, int Passes)> Pending { get; } = [];

        /// <summary>Mount points in it, and what holds them.</summary>
        public HashSet<string>? Left { get; private set; }

        /// <summary>How often it was emptied before.</summary>
        public int Passes { get; init; }

        public void Leave(byte[] name) => (Left ??= []).Add(RawName.FromBytes(name.AsSpan()[..^1]));

        public void Leave(byte[] name, TreeCursor cursor, Request request)
        {
            if (request.Mounts == MountsBelow.Refuse)
            {
                throw new LinuxException($"remove {request.Parent}/{RawName.Display(cursor.PathOf(name))}: it is a mount point");
            }

            Leave(name);
        }
    }
}
