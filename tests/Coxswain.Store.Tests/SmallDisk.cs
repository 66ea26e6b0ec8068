using System.Runtime.InteropServices;

namespace Coxswain.Store.Tests;

/// <summary>A file system of its own for one test, so small that it can be filled.</summary>
internal sealed partial class SmallDisk : IDisposable
{
    private const int LazyUnmount = 2;

    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("coxswain-small-disk-");

    public SmallDisk(int megabytes)
    {
        if (Mount("tmpfs", _directory.FullName, "tmpfs", 0, $"size={megabytes}m,mode=700") != 0)
        {
            _directory.Delete();
            throw new IOException($"mount tmpfs: {Marshal.GetLastPInvokeErrorMessage()}");
        }
    }

    public long Free => new DriveInfo(_directory.FullName).AvailableFreeSpace;

    public string File(string name) => Path.Combine(_directory.FullName, name);

    /// <summary>Takes all the room there is, as images or logs might.</summary>
    public void Fill(string name)
    {
        using var stream = new FileStream(File(name), FileMode.Create, FileAccess.Write, FileShare.None, 0);
        var block = new byte[1 << 20];
        try
        {
            while (true)
            {
                stream.Write(block);
            }
        }
        catch (IOException)
        {
            // The last part of a block that still fitted was written.
        }
    }

    public void Dispose()
    {
        _ = Unmount(_directory.FullName, LazyUnmount);
        _directory.Delete(recursive: true);
    }

    [LibraryImport("libc", EntryPoint = "mount", StringMarshalling = StringMarshalling.Utf8, SetLastError = true)]
    private static partial int Mount(string source, string target, string type, ulong flags, string data);

    [LibraryImport("libc", EntryPoint = "umount2", StringMarshalling = StringMarshalling.Utf8, SetLastError = true)]
    private static partial int Unmount(string target, int flags);
}
