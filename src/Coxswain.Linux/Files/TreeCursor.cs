using Coxswain.Linux.Interop;

namespace Coxswain.Linux.Files;

/// <summary>
/// A place in a tree that is moved one step at a time. It keeps one descriptor however deep it is: on the way up it opens
/// <c>..</c> and makes sure that this is the directory it came from.
/// </summary>
internal sealed class TreeCursor(DirectoryDescriptor start) : IDisposable
{
    private readonly Stack<Step> _above = [];

    public DirectoryDescriptor Current { get; private set; } = start;

    /// <summary>False, with the reason in errno, when the name is no directory to go into: gone, a link, a mount point.</summary>
    public bool TryEnter(byte[] terminatedName)
    {
        if (Current.TryOpenChild(terminatedName) is not { } child)
        {
            return false;
        }

        var status = Current.Status;
        _above.Push(new Step(terminatedName, status.Device, status.Inode));
        Current.Dispose();
        Current = child;
        return true;
    }

    /// <summary>Back to the directory above; returns the name that was left, with its NUL.</summary>
    public byte[] Leave()
    {
        var above = Current.TryOpenParent() ?? throw new LinuxException($"leave {RawName.Display(Path)}", LibC.Errno);
        var status = above.Status;
        var step = _above.Peek();
        if (status.Device != step.Device || status.Inode != step.Inode)
        {
            above.Dispose();
            throw new LinuxException($"directory {RawName.Display(Path)} was moved away while it was walked");
        }

        Current.Dispose();
        Current = above;
        return _above.Pop().Name;
    }

    /// <summary>The path from where the cursor started to a name in the current directory.</summary>
    public string PathOf(byte[] terminatedName) => Join(_above.Reverse().Select(step => step.Name).Append(terminatedName));

    public void Dispose() => Current.Dispose();

    private string Path => Join(_above.Reverse().Select(step => step.Name));

    private static string Join(IEnumerable<byte[]> names) =>
        string.Join('/', names.Select(name => RawName.FromBytes(name.AsSpan()[..^1])));

    /// <summary>The name that was entered, and which directory it is in.</summary>
    private readonly record struct Step(byte[] Name, ulong Device, ulong Inode);
}
