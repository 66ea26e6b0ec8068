using System.ComponentModel;
using System.Runtime.InteropServices;
using System.Text;

namespace Coxswain.ApiServer.Certificates;

/// <summary>Keys and certificates on the disk: replaced in one step, and there after a power cut once the call returns.</summary>
internal static partial class PkiFile
{
    private const UnixFileMode Owner = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private const int ReadOnlyDirectory = 0x10000 | 0x80000; // O_DIRECTORY | O_CLOEXEC on x64; arm64 swaps the first with O_DIRECT
    private const int ReadOnlyDirectoryOnArm = 0x4000 | 0x80000;

    public static void WriteSecret(string path, string content) => Write(path, content, Owner);

    public static void WritePublic(string path, string content) => Write(path, content, Owner | UnixFileMode.GroupRead | UnixFileMode.OtherRead);

    /// <summary>Null when it is missing or empty, as a crash of somebody else's making may leave it.</summary>
    public static string? Read(string path) => File.Exists(path) && File.ReadAllText(path) is { Length: > 0 } text ? text : null;

    private static void Write(string path, string content, UnixFileMode mode)
    {
        var aside = path + ".new";
        File.Delete(aside); // a left-over may have another mode
        using (var file = new FileStream(aside, new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, UnixCreateMode = Owner }))
        {
            file.Write(Encoding.UTF8.GetBytes(content));
            File.SetUnixFileMode(file.SafeFileHandle, mode);
            file.Flush(flushToDisk: true);
        }

        File.Move(aside, path, overwrite: true);
        SyncDirectory(Path.GetDirectoryName(Path.GetFullPath(path))!); // a file's path has a directory
    }

    private static void SyncDirectory(string directory)
    {
        var isArm = RuntimeInformation.ProcessArchitecture is Architecture.Arm64 or Architecture.Arm;
        var descriptor = Open(directory, isArm ? ReadOnlyDirectoryOnArm : ReadOnlyDirectory);
        if (descriptor < 0)
        {
            throw new IOException($"cannot open {directory}", new Win32Exception(Marshal.GetLastPInvokeError()));
        }

        var error = Sync(descriptor) < 0 ? Marshal.GetLastPInvokeError() : 0;
        _ = Close(descriptor);
        if (error != 0)
        {
            throw new IOException($"cannot flush {directory}", new Win32Exception(error));
        }
    }

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    private static partial int Sync(int descriptor);

    [LibraryImport("libc", EntryPoint = "close", SetLastError = true)]
    private static partial int Close(int descriptor);
}
