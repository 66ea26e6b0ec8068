using Coxswain.Hosting;
using Coxswain.Linux.Mounts;
using Coxswain.Linux.Processes;

namespace Coxswain.Tests.Hosting;

/// <summary>What a start writes, on a disk that others have filled since the last one.</summary>
public sealed class FullDiskTests : IDisposable
{
    private static readonly KubeconfigAccess Access = new("https://127.0.0.1:6443", "ca", "certificate", "key");

    private readonly KernelMounts _mounts = new();
    private readonly string _disk = Directory.CreateTempSubdirectory("coxswain-full-disk-").FullName;
    private readonly ClusterPaths _paths;

    public FullDiskTests()
    {
        _mounts.Mount(MountRequest.Tmpfs(_disk, "size=1m,mode=700"));
        _paths = ClusterPaths.Resolve(Path.Combine(_disk, "data"));
        _paths.Create();
    }

    public void Dispose()
    {
        _mounts.Unmount(_disk);
        Directory.Delete(_disk);
    }

    [Fact]
    public void Start_OnAFullDisk_WritesItsStateAndKeepsTheKubeconfig()
    {
        State(isReady: true).Save(_paths);
        WriteKubeconfig(Access);
        ServerState.Clear(_paths);
        Assert.Null(ServerState.Load(_paths));
        Fill();

        State(isReady: false).Save(_paths);
        Assert.False(ServerState.Load(_paths)?.IsReady);
        State(isReady: true).Save(_paths);
        Assert.True(ServerState.Load(_paths)?.IsReady);
        WriteKubeconfig(Access);
        Assert.ThrowsAny<IOException>(() => WriteKubeconfig(Access with { Server = "https://127.0.0.1:7443" }));
        Assert.Contains(Access.Server, File.ReadAllText(_paths.AdminKubeconfig), StringComparison.Ordinal);
    }

    private static ServerState State(bool isReady) => new(
        Environment.ProcessId, ProcessInfo.StartTime(Environment.ProcessId), "1", Access.Server, "node", "10.244.0.1",
        DateTimeOffset.UnixEpoch, isReady);

    private void WriteKubeconfig(KubeconfigAccess access)
    {
        var file = KubeconfigFile.Open(_paths.AdminKubeconfig);
        file.SetContext("coxswain", _paths.Data, access);
        file.Save(CallingUser.Root);
    }

    /// <summary>To the last page.</summary>
    private void Fill()
    {
        using var stream = new FileStream(Path.Combine(_disk, "filler"), FileMode.Create, FileAccess.Write, FileShare.None, 0);
        var page = new byte[4096];
        Assert.Throws<IOException>((Action)WriteOn);

        void WriteOn()
        {
            while (true)
            {
                stream.Write(page);
            }
        }
    }
}
