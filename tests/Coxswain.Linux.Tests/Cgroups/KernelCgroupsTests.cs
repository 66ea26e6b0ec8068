using System.Security.Cryptography;
using Coxswain.Linux.Cgroups;
using Coxswain.Linux.Processes;

namespace Coxswain.Linux.Tests.Cgroups;

public sealed class KernelCgroupsTests
{
    [Fact]
    public async Task Group_WithLimitsAndProcesses_IsReadAndRemoved()
    {
        using var events = new KernelEvents();
        using var timeout = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        var cgroups = new KernelCgroups(TimeProvider.System);
        var parent = "/coxswain-" + RandomNumberGenerator.GetHexString(8, lowercase: true);
        var path = parent + "/child";
        await using var child = new ProcessRunner(events).Start(new ProcessSpec("sleep", "600"));
        try
        {
            cgroups.Create(path);
            cgroups.SetLimits(path, new CgroupLimits { MemoryBytes = 64 << 20, CpuShares = 100, CpuQuota = 20_000, Pids = 10 });
            cgroups.AddProcess(path, child.Pid);
            Assert.Equal([child.Pid], cgroups.ListProcesses(parent));
            var usage = cgroups.ReadUsage(path)!;
            Assert.Equal((1, 64 << 20), (usage.Pids, usage.MemoryLimitBytes));
            Assert.Equal(0, cgroups.ReadOomKills(path));
        }
        finally
        {
            await cgroups.RemoveAsync(parent, timeout.Token);
        }

        Assert.Equal(137, await child.Exited.WaitAsync(timeout.Token));
        Assert.Null(cgroups.ReadUsage(path));
        await cgroups.RemoveAsync(parent, timeout.Token);
    }

    [Theory]
    [InlineData("/")]
    [InlineData("")]
    [InlineData("relative")]
    [InlineData("/a/../..")]
    public async Task Remove_PathThatCannotBeOurs_IsRefused(string path)
    {
        var cgroups = new KernelCgroups(TimeProvider.System);
        await Assert.ThrowsAsync<ArgumentException>(() => cgroups.RemoveAsync(path, CancellationToken.None));
    }

    [Theory]
    [InlineData(2, 1)]
    [InlineData(1024, 39)]
    [InlineData(262144, 10000)]
    [InlineData(0, 1)]
    public void WeightFromShares_FollowsTheKernelsScale(long shares, long weight) =>
        Assert.Equal(weight, CgroupFiles.WeightFromShares(shares));

    [Fact]
    public void V2_Files_SayMaxForUnlimited()
    {
        var files = CgroupFiles.V2(new CgroupLimits { MemoryBytes = -1, CpuQuota = -1, Pids = -1 });
        Assert.Equal([("", "memory.max", "max"), ("", "cpu.max", "max 100000"), ("", "pids.max", "max")], files);
    }
}
