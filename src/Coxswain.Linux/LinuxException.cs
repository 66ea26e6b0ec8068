using System.Runtime.InteropServices;

namespace Coxswain.Linux;

/// <summary>The kernel or one of its tools refused something. The family of everything this project throws.</summary>
public class LinuxException : IOException
{
    public LinuxException(string message)
        : base(message)
    {
    }

    public LinuxException(string message, Exception innerException)
        : base(message, innerException)
    {
    }

    /// <summary>What was tried, and the kernel's reason for saying no.</summary>
    public LinuxException(string action, int errno)
        : base($"{action}: {Marshal.GetPInvokeErrorMessage(errno)}")
    {
        Errno = errno;
    }

    /// <summary>The kernel's error number, 0 when there was none.</summary>
    public int Errno { get; }

    /// <summary>Whether an exception, ours or the base library's, says that the disk or the owner's quota of it is full.</summary>
    public static bool IsOutOfSpace(IOException exception)
    {
        const int NoSpace = 28, QuotaExceeded = 122;
        // The base library keeps the kernel's number in HResult.
        var errno = exception is LinuxException linux ? linux.Errno : exception.HResult;
        return errno is NoSpace or QuotaExceeded;
    }
}
