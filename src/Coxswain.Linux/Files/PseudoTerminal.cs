using Coxswain.Linux.Interop;
using Coxswain.Linux.Processes;
using Microsoft.Win32.SafeHandles;

namespace Coxswain.Linux.Files;

/// <summary>A terminal whose one side is a stream of ours and whose other is given to a child.</summary>
public sealed unsafe class PseudoTerminal : IDisposable
{
    private const uint UnlockSlave = 0x40045431;
    private const uint GetSlaveNumber = 0x80045430;
    private const uint SetWindowSize = 0x5414;
    private const int NoControllingTerminal = 0x100;

    private readonly SafeFileHandle _handle;
    private int _child;

    public PseudoTerminal(KernelEvents events)
    {
        var master = Check(LibC.open("/dev/ptmx", LibC.O_RDWR | NoControllingTerminal | LibC.O_CLOEXEC, 0), "open a terminal");
        _handle = new SafeFileHandle(master, ownsHandle: true);
        Stream = new TerminalStream(_handle, events);
        try
        {
            var unlock = 0;
            int number;
            Check(LibC.ioctl(master, UnlockSlave, &unlock), "unlock a terminal");
            Check(LibC.ioctl(master, GetSlaveNumber, &number), "name a terminal");
            var child = Check(
                LibC.open($"/dev/pts/{number}", LibC.O_RDWR | NoControllingTerminal | LibC.O_CLOEXEC, 0), "open a terminal");
            _child = LibC.fcntl(child, LibC.F_DUPFD_CLOEXEC, LibC.FirstFreeDescriptor);
            _ = LibC.close(child);
        }
        catch
        {
            Stream.Dispose();
            throw;
        }
    }

    /// <summary>What the child writes, and what it is to read. Ends when no process has the terminal open.</summary>
    public Stream Stream { get; }

    /// <summary>To hand to the child as its standard streams.</summary>
    public int ChildDescriptor => _child;

    /// <summary>Call once the child has its own copy, or the stream never ends.</summary>
    public void CloseChildDescriptor()
    {
        if (Interlocked.Exchange(ref _child, -1) is >= 0 and var fd)
        {
            _ = LibC.close(fd);
        }
    }

    public void Resize(ushort columns, ushort rows)
    {
        var size = stackalloc ushort[4] { rows, columns, 0, 0 };
        var held = false;
        try
        {
            _handle.DangerousAddRef(ref held);
            Check(LibC.ioctl((int)_handle.DangerousGetHandle(), SetWindowSize, size), "resize a terminal");
        }
        finally
        {
            if (held)
            {
                _handle.DangerousRelease();
            }
        }
    }

    public void Dispose()
    {
        CloseChildDescriptor();
        Stream.Dispose();
    }

    private static int Check(int result, string action) =>
        result >= 0 ? result : throw new LinuxException(action, LibC.Errno);
}
