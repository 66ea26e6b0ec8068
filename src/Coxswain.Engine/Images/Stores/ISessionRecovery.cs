using Coxswain.Linux.Mounts;

namespace Coxswain.Engine.Images.Stores;

/// <summary>Ends what a killed process left in its directory of the store, so that the directory can be removed.</summary>
public interface ISessionRecovery
{
    Task RecoverAsync(string sessionDirectory, CancellationToken cancellationToken);
}

/// <summary>For stores in which nothing runs: only mounts are taken down.</summary>
public sealed class MountRecovery(IMounts mounts) : ISessionRecovery
{
    public Task RecoverAsync(string sessionDirectory, CancellationToken cancellationToken)
    {
        UnmountBelow(mounts, sessionDirectory);
        return Task.CompletedTask;
    }

    /// <summary>Unmounts everything below a directory, the innermost first: removing the tree must not reach into a mount.</summary>
    internal static void UnmountBelow(IMounts mounts, string directory)
    {
        var below = directory + "/";
        foreach (var mount in mounts.List().Reverse())
        {
            if (mount.MountPoint.StartsWith(below, StringComparison.Ordinal))
            {
                mounts.Unmount(mount.MountPoint);
            }
        }
    }
}
