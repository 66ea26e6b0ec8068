using System.IO.Pipes;
using Microsoft.Win32.SafeHandles;

namespace Coxswain.Linux.Interop;

/// <summary>A pipe between us and a child; both ends are closed on exec until they are given away.</summary>
internal readonly record struct Pipe(int ReadEnd, int WriteEnd)
{
    public static unsafe Pipe Create()
    {
        var fds = stackalloc int[2];
        return LibC.pipe2(fds, LibC.O_CLOEXEC) == 0 ? new Pipe(fds[0], fds[1]) : throw new LinuxException("pipe2", LibC.Errno);
    }

    /// <summary>Our end as a stream that waits in .NET's own epoll set instead of on a thread.</summary>
    public static Stream OpenReader(int fd) => new AnonymousPipeClientStream(PipeDirection.In, new SafePipeHandle(fd, true));

    public static Stream OpenWriter(int fd) => new AnonymousPipeClientStream(PipeDirection.Out, new SafePipeHandle(fd, true));
}
