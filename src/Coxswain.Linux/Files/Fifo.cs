using Coxswain.Linux.Interop;

namespace Coxswain.Linux.Files;

/// <summary>Writing to a FIFO that another process reads.</summary>
public static class Fifo
{
    private const int ENXIO = 6;

    /// <summary>Writes at once; false when nobody reads or the FIFO is missing.</summary>
    public static unsafe bool Write(string path, ReadOnlySpan<byte> data)
    {
        var fd = LibC.open(path, LibC.O_WRONLY | LibC.O_NONBLOCK | LibC.O_CLOEXEC, 0);
        if (fd < 0)
        {
            var errno = LibC.Errno;
            return errno is ENXIO or LibC.ENOENT ? false : throw new LinuxException($"open {path}", errno);
        }

        try
        {
            fixed (byte* bytes = data)
            {
                return LibC.write(fd, bytes, data.Length) == data.Length
                    ? true
                    : throw new LinuxException($"write to {path}", LibC.Errno);
            }
        }
        finally
        {
            _ = LibC.close(fd);
        }
    }
}
