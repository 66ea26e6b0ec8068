
namespace Coxswain.Linux.Interop;

/// <summary>Turns what a call returned into an exception that says what was tried on which path.</summary>
internal static class Failure
{
    public static void Check(nint result, string action, string path)
    {
        if (result < 0)
        {
            throw Of(action, path);
        }
    }

    public static LinuxException Of(string action, string path) => Of(action, path, LibC.Errno);

    public static LinuxException Of(string action, string path, int errno) => new($"{action} {RawName.Display(path)}", errno);
}
