using Coxswain.Linux.Files;
using Microsoft.Win32.SafeHandles;

namespace Coxswain.Hosting;

/// <summary>
/// Whoever holds it owns the cluster's data: the server while it runs, or a command that works on the data of a stopped
/// cluster. The kernel lets go of it when the process dies, however it dies.
/// </summary>
internal sealed class ClusterLock : IDisposable
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(50);

    private readonly SafeFileHandle _file;

    private ClusterLock(SafeFileHandle file) => _file = file;

    /// <param name="patience">How long to wait for the holder to let go: one that was told to end needs a moment.</param>
    /// <exception cref="CommandFailure">Somebody else holds it still.</exception>
    public static async Task<ClusterLock> TakeAsync(
        ClusterPaths paths, TimeSpan patience, TimeProvider time, CancellationToken cancellationToken)
    {
        var file = LockFile.Open(paths.Lock, create: true);
        try
        {
            var began = time.GetTimestamp();
            while (!LockFile.TryLock(file, exclusive: true))
            {
                if (time.GetElapsedTime(began) >= patience)
                {
                    throw new CommandFailure(
                        $"another command or server is working on the cluster in {paths.Data}; try again when it has ended");
                }

                await Task.Delay(Interval, time, cancellationToken);
            }

            return new ClusterLock(file);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    public void Dispose() => _file.Dispose();
}
