using System.Text;
using Coxswain.Linux.Interop;

namespace Coxswain.Linux.Namespaces;

/// <summary>
/// Makes and enters namespaces on threads of their own. Such a thread ends with its work, so none of the pool's threads
/// is ever in the wrong namespace.
/// </summary>
public sealed class KernelNamespaces : INamespaces
{
    private const string ThreadNamespaces = "/proc/thread-self/ns";

    public Task<PinnedNamespaces> CreateAsync(string directory, string hostname, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        return OnOwnThreadAsync(() =>
        {
            var pinned = new PinnedNamespaces(directory);
            System.IO.Directory.CreateDirectory(directory);
            Check(LibC.unshare(LibC.CLONE_NEWNET | LibC.CLONE_NEWIPC | LibC.CLONE_NEWUTS), "unshare");
            SetHostname(hostname);
            try
            {
                Pin("net", pinned.NetworkPath);
                Pin("ipc", pinned.IpcPath);
                Pin("uts", pinned.UtsPath);
            }
            catch
            {
                Delete(directory);
                throw;
            }

            return pinned;
        });
    }

    public void Delete(string directory)
    {
        if (!System.IO.Directory.Exists(directory))
        {
            return;
        }

        foreach (var pinned in System.IO.Directory.EnumerateFileSystemEntries(directory))
        {
            // Pinned twice by an interrupted run, a file is a mount twice.
            while (LibC.umount2(pinned, LibC.MNT_DETACH) == 0)
            {
            }
        }

        Files.TreeRemover.Remove(directory);
    }

    public Task CreateIpcAsync(string directory, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        return OnOwnThreadAsync(() =>
        {
            System.IO.Directory.CreateDirectory(directory);
            Check(LibC.unshare(LibC.CLONE_NEWIPC), "unshare");
            Pin("ipc", new PinnedNamespaces(directory).IpcPath);
            return true;
        });
    }

    public Task<T> RunInAsync<T>(string netnsPath, Func<T> action, CancellationToken cancellationToken) =>
        RunInAsync(netnsPath, null, action, cancellationToken);

    public Task<T> RunInAsync<T>(string? netnsPath, string? ipcPath, Func<T> action, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        return OnOwnThreadAsync(() =>
        {
            Enter(netnsPath, LibC.CLONE_NEWNET);
            Enter(ipcPath, LibC.CLONE_NEWIPC);
            return action();
        });
    }

    private static void Enter(string? path, int kind)
    {
        if (path is null)
        {
            return;
        }

        var fd = LibC.open(path, LibC.O_RDONLY | LibC.O_CLOEXEC, 0);
        Check(fd, $"open {path}");
        try
        {
            Check(LibC.setns(fd, kind), $"enter {path}");
        }
        finally
        {
            _ = LibC.close(fd);
        }
    }

    private static Task<T> OnOwnThreadAsync<T>(Func<T> action)
    {
        var done = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        var thread = new Thread(() =>
        {
            try
            {
                done.SetResult(action());
            }
            catch (Exception exception)
            {
                done.SetException(exception);
            }
        })
        { IsBackground = true, Name = "namespace" };
        thread.Start();
        return done.Task;
    }

    private static unsafe void SetHostname(string hostname)
    {
        var bytes = Encoding.ASCII.GetBytes(hostname);
        fixed (byte* pointer = bytes)
        {
            Check(LibC.sethostname(pointer, bytes.Length), $"set host name {hostname}");
        }
    }

    private static void Pin(string kind, string path)
    {
        File.Create(path).Dispose();
        Check(LibC.mount($"{ThreadNamespaces}/{kind}", path, null, (nuint)Mounts.MountFlags.Bind, null), $"pin {path}");
    }

    private static void Check(int result, string action)
    {
        if (result < 0)
        {
            throw new LinuxException(action, LibC.Errno);
        }
    }
}
