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
    public static Task<ClusterLock> TakeAsync(
        ClusterPaths paths, TimeSpan patience, TimeProvider time, CancellationToken cancellationToken) =>
        TakeAsync(paths, paths.Lock, patience, time, cancellationToken);

    /// <summary>
    /// For a command that starts the server, which takes the lock itself: two that start it at once would each undo what the other does.
    /// </summary>
    /// <inheritdoc cref="TakeAsync(ClusterPaths, TimeSpan, TimeProvider, CancellationToken)"/>
    public static Task<ClusterLock> TakeForStartAsync(
        ClusterPaths paths, TimeSpan patience, TimeProvider time, CancellationToken cancellationToken) =>
        TakeAsync(paths, paths.StartLock, patience, time, cancellationToken);

    private static async Task<ClusterLock> TakeAsync(
        ClusterPaths paths, string path, TimeSpan patience, TimeProvider time, CancellationToken cancellationToken)
    {
        var file = LockFile.Open(path, create: true);
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
