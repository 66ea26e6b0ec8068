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
}
