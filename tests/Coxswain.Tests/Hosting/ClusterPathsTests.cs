using Coxswain.Hosting;

namespace Coxswain.Tests.Hosting;

public sealed class ClusterPathsTests : IDisposable
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("coxswain-paths-");

    private string Data => Path.Combine(_directory.FullName, "data");

    public void Dispose() => _directory.Delete(recursive: true);

    [Fact]
    public void Create_NewOrOpenDirectory_IsForItsOwnerAlone()
    {
        Directory.CreateDirectory(Data, OwnerOnly | UnixFileMode.OtherRead | UnixFileMode.OtherExecute);
        var paths = ClusterPaths.Resolve(Data);

        paths.Create();

        Assert.Equal(OwnerOnly, File.GetUnixFileMode(paths.Data));
        Assert.Equal(OwnerOnly, File.GetUnixFileMode(paths.Run));
    }

    [Fact]
    public void Create_DirectoryOfSomethingElse_IsRefusedAndLeftAsItIs()
    {
        Directory.CreateDirectory(Data, OwnerOnly | UnixFileMode.OtherRead);
        File.WriteAllText(Path.Combine(Data, "thesis.txt"), "years of work");

        var failure = Assert.Throws<CommandFailure>(() => ClusterPaths.Resolve(Data).Create());

        Assert.Contains("--data-dir", failure.Message, StringComparison.Ordinal);
        Assert.Equal(OwnerOnly | UnixFileMode.OtherRead, File.GetUnixFileMode(Data));
    }

    [Fact]
    public void Create_PathTooLongForItsSockets_IsRefusedBeforeAnythingIsMade()
    {
        var paths = ClusterPaths.Resolve(Path.Combine(_directory.FullName, new string('d', 100)));

        var failure = Assert.Throws<CommandFailure>(paths.Create);

        Assert.Contains("too long", failure.Message, StringComparison.Ordinal);
        Assert.False(Directory.Exists(paths.Data));
    }

    [Fact]
    public void Create_AfterAStartThatFailed_Passes()
    {
        var paths = ClusterPaths.Resolve(Data);
        paths.Create();
        File.WriteAllText(paths.ServerLog, "why");
        File.WriteAllText(paths.ServerLog + ".1", "why before");
        File.WriteAllText(paths.Lock, "");
        File.WriteAllText(paths.StartLock, "");

        paths.Create();
    }

    [Fact]
    public async Task TakeAsync_HeldByAnother_IsRefusedUntilReleased()
    {
        var paths = ClusterPaths.Resolve(Data);
        paths.Create();
        using (await ClusterLock.TakeAsync(paths, TimeSpan.Zero, TimeProvider.System, default))
        {
            await Assert.ThrowsAsync<CommandFailure>(() => ClusterLock.TakeAsync(paths, TimeSpan.Zero, TimeProvider.System, default));
        }

        using var held = await ClusterLock.TakeAsync(paths, TimeSpan.Zero, TimeProvider.System, default);
    }
}
