using Coxswain.Hosting;

namespace Coxswain.Tests.Hosting;

public sealed class ClusterLockTests : IDisposable
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("coxswain-lock-");

    private ClusterPaths Paths => ClusterPaths.Resolve(_directory.FullName);

    public void Dispose() => _directory.Delete(recursive: true);

    [Fact]
    public async Task Take_HeldByAnother_SaysSo()
    {
        using var held = await TakeAsync();
        await Assert.ThrowsAsync<CommandFailure>(TakeAsync);
    }

    [Fact]
    public async Task TakeForStart_TwoAtOnce_KeepsThemApartAndLetsTheServerTakeItsOwn()
    {
        using var first = await ClusterLock.TakeForStartAsync(Paths, TimeSpan.Zero, TimeProvider.System, default);
        await Assert.ThrowsAsync<CommandFailure>(
            () => ClusterLock.TakeForStartAsync(Paths, TimeSpan.Zero, TimeProvider.System, default));
        using var server = await TakeAsync();
    }

    private Task<ClusterLock> TakeAsync() => ClusterLock.TakeAsync(Paths, TimeSpan.Zero, TimeProvider.System, default);
}
