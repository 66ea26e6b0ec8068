using Coxswain.Linux.Interop;

namespace Coxswain.Linux.Files;

/// <summary>A file opened to be written by a child, as its standard error for example.</summary>
public sealed class AppendFile : IDisposable
{
    private const int Append = 0x400;
    private const int OwnerOnly = 0x180;

    public AppendFile(string path)
    {
        Path = path;
        var fd = LibC.open(path, LibC.O_WRONLY | LibC.O_CREAT | LibC.O_CLOEXEC | Append, OwnerOnly);
        if (fd < 0)
        {
            throw new LinuxException($"open {path}", LibC.Errno);
        }

        // Out of the way of the small numbers a child is to have it under.
        Descriptor = LibC.fcntl(fd, LibC.F_DUPFD_CLOEXEC, LibC.FirstFreeDescriptor);
        _ = LibC.close(fd);
    }

    public string Path { get; }

    public int Descriptor { get; }

    public void Dispose() => _ = LibC.close(Descriptor);
}
