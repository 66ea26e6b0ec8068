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
        mounts.UnmountBelow(sessionDirectory);
        return Task.CompletedTask;
    }
}
