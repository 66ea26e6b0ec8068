using Coxswain.Engine.Containers;
using Coxswain.Engine.Events;
using Coxswain.Linux.Cgroups;

namespace Coxswain.Engine.Tests.Containers;

public sealed class ContainerLimitsTests
{
    private const long Mebibyte = 1024 * 1024;

    [Fact]
    public async Task MemoryHog_IsOomKilledAndSaysSo()
    {
        await using var test = await TestEngine.StartAsync();
        var spec = test.Spec("exec dd if=/dev/zero of=/dev/null bs=200M count=1") with
        {
            Limits = new ContainerLimits { MemoryBytes = 32 * Mebibyte },
        };
        using var events = test.Engine.Events.Subscribe();
        var (exit, _) = await test.RunToEndAsync(spec);
        Assert.Equal((137, true), (exit.Code, exit.OomKilled));
        var seen = new List<EngineEventType>();
        while (!seen.Contains(EngineEventType.ContainerDied))
        {
            seen.Add((await events.ReadAsync(TestEngine.Timeout)).Type);
        }

        Assert.Single(seen, EngineEventType.ContainerOom);
        Assert.Equal(EngineEventType.ContainerOom, seen[^2]);
        Assert.False(File.Exists(Path.Combine(Environment.CurrentDirectory, "oom")));
    }

    [Fact]
    public async Task ChildOomKilled_ContainerThatGoesOn_IsNotCalledOomKilled()
    {
        await using var test = await TestEngine.StartAsync();
        var spec = test.Spec("dd if=/dev/zero of=/dev/null bs=200M count=1; echo child ended with $?; exit 0") with
        {
            Limits = new ContainerLimits { MemoryBytes = 32 * Mebibyte },
        };
        var (exit, log) = await test.RunToEndAsync(spec);
        Assert.Contains("child ended with 137", log);
        Assert.Equal((0, false), (exit.Code, exit.OomKilled));
    }

    [Fact]
    public async Task Limits_AreInTheControlGroup()
    {
        await using var test = await TestEngine.StartAsync();
        var spec = test.Spec("sleep 600") with
        {
            CgroupParent = "pod-1",
            Limits = new ContainerLimits { MemoryBytes = 64 * Mebibyte, CpuShares = 512, CpuQuota = 50_000, CpuPeriod = 100_000, Pids = 20 },
        };
        var status = await test.RunAsync(spec);
        Assert.Equal($"{test.Options.CgroupParent}/pod-1/{status.Id}", status.CgroupPath);
        var usage = test.Containers.ReadUsage(status.Id)!;
        Assert.Equal(64 * Mebibyte, usage.MemoryLimitBytes);
        Assert.InRange(usage.Pids, 1, 20);
        Assert.InRange(usage.MemoryBytes, 1, 64 * Mebibyte);
        string[] expected = test.Engine.Cgroups.Layout == CgroupLayout.V2
            ? ["cpu.max=50000 100000", "pids.max=20"]
            : ["cpu/cpu.shares=512", "cpu/cpu.cfs_quota_us=50000", "cpu/cpu.cfs_period_us=100000", "pids/pids.max=20"];
        foreach (var (file, value) in expected.Select(line => (line.Split('=')[0], line.Split('=')[1])))
        {
            var path = test.Engine.Cgroups.Layout == CgroupLayout.V2
                ? $"/sys/fs/cgroup{status.CgroupPath}/{file}"
                : $"/sys/fs/cgroup/{file.Split('/')[0]}{status.CgroupPath}/{file.Split('/')[1]}";
            Assert.Equal(value, (await File.ReadAllTextAsync(path)).Trim());
        }
    }

    [Fact]
    public async Task PidsLimit_StopsForks()
    {
        await using var test = await TestEngine.StartAsync();
        var spec = test.Spec("for i in 1 2 3 4 5 6 7 8 9; do sleep 1 & done; echo all") with
        {
            Limits = new ContainerLimits { Pids = 4 },
        };
        var (exit, log) = await test.RunToEndAsync(spec);
        Assert.NotEqual(0, exit.Code);
        Assert.Contains("can't fork", log);
    }
}
