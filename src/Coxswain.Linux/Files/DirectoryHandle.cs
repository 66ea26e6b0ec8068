using Coxswain.Linux.Interop;

namespace Coxswain.Linux.Files;

/// <summary>An open directory, and by it a short path to what it holds.</summary>
public sealed class DirectoryHandle : IDisposable
{
    private const int DirectoryOnly = 0x10000;

    private readonly int _fd;

    public DirectoryHandle(string path)
    {
        _fd = LibC.open(path, LibC.O_RDONLY | LibC.O_CLOEXEC | DirectoryOnly, 0);
        if (_fd < 0)
        {
            throw new LinuxException($"open {path}", LibC.Errno);
        }
    }

    /// <summary>The directory under another name, valid in this process until it is disposed.</summary>
    public string ShortPath => $"/proc/self/fd/{_fd}";

    public void Dispose() => _ = LibC.close(_fd);
}
