using System.Runtime.InteropServices;
using System.Text;

namespace Coxswain.Node.Files;

/// <summary>The calls on files that .NET has no form of.</summary>
internal static unsafe partial class Posix
{
    private const int PathMax = 4096;

    /// <summary>Gives a file (or a symbolic link itself) to others; -1 leaves a part as it is.</summary>
    public static void ChangeOwner(string path, long user, long group)
    {
        if (lchown(path, unchecked((uint)user), unchecked((uint)group)) != 0)
        {
            throw Failure($"change the owner of {path}");
        }
    }

    /// <summary>Puts one name in another's place in one step, also where either is a link to a directory, which .NET refuses.</summary>
    public static void Rename(string from, string to)
    {
        if (rename(from, to) != 0)
        {
            throw Failure($"rename {from} to {to}");
        }
    }

    /// <summary>The path without symbolic links; every part must exist.</summary>
    public static string RealPath(string path)
    {
        var buffer = stackalloc byte[PathMax];
        if (realpath(path, buffer) == null)
        {
            throw Failure($"resolve {path}");
        }

        return Encoding.UTF8.GetString(MemoryMarshal.CreateReadOnlySpanFromNullTerminated(buffer));
    }

    private static IOException Failure(string action) => new($"{action}: {Marshal.GetLastPInvokeErrorMessage()}");

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int lchown(string path, uint owner, uint group);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int rename(string from, string to);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial byte* realpath(string path, byte* resolved);
}
