using Coxswain.Engine.Containers;
using Coxswain.Linux.Processes;

namespace Coxswain.Engine.Tests.Containers;

public sealed class AdoptionTests
{
    [Fact]
    public async Task Reopen_RunningContainer_GoesOnAndIsWatched()
    {
        await using var test = await TestEngine.StartAsync();
        var before = await test.RunAsync(test.Spec("sleep 600") with { Labels = new Dictionary<string, string> { ["pod"] = "one" } });
        await test.ReopenAsync();
        var after = test.Containers.Inspect(before.Id)!;
        Assert.Equal((ContainerState.Running, before.Pid, before.StartedAt), (after.State, after.Pid, after.StartedAt));
        Assert.Equal("one", after.Spec.Labels["pod"]);
        using var events = test.Containers.Subscribe();
        await test.Containers.KillAsync(before.Id, Signals.Kill, TestEngine.Timeout);
        Assert.Equal(137, (await test.Containers.WaitAsync(before.Id, TestEngine.Timeout)).Code);
        Assert.Equal(ContainerEventType.Exited, (await events.ReadAsync(TestEngine.Timeout)).Type);
    }

    [Fact]
    public async Task Reopen_EndedMeanwhile_KnowsItsCode()
    {
        await using var test = await TestEngine.StartAsync();
        var status = await test.RunAsync(test.Spec("trap 'exit 42' TERM; echo ready; while :; do sleep 600 & wait $!; done"));
        await TestEngine.WaitForLogAsync(status, "ready");
        await test.CloseAsync();
        using var events = new KernelEvents();
        var record = status.Pid;
        Signals.Send(record, Signals.Terminate);
        await new ProcessWatcher(events).WaitForExitAsync(record, 0, TestEngine.Timeout);
        await test.ReopenAsync();
        var exit = await test.Containers.WaitAsync(status.Id, TestEngine.Timeout);
        Assert.Equal(42, exit.Code);
        Assert.True(exit.FinishedAt >= status.StartedAt);
        // And the one after that knows it from the record.
        await test.ReopenAsync();
        Assert.Equal(exit, test.Containers.Inspect(status.Id)!.Exit);
    }

    [Fact]
    public async Task Reopen_MonitorAndContainerKilled_IsExitedWithUnknownCode()
    {
        await using var test = await TestEngine.StartAsync();
        var status = await test.RunAsync(test.Spec("sleep 600"));
        var monitor = int.Parse(await File.ReadAllTextAsync(Path.Combine(test.Options.RunDirectory, "bundles", status.Id, "conmon.pid")));
        await test.CloseAsync();
        using var events = new KernelEvents();
        foreach (var pid in new[] { monitor, status.Pid })
        {
            Signals.Send(pid, Signals.Kill);
            await new ProcessWatcher(events).WaitForExitAsync(pid, 0, TestEngine.Timeout);
        }

        await test.ReopenAsync();
        var exit = await test.Containers.WaitAsync(status.Id, TestEngine.Timeout);
        Assert.Equal(255, exit.Code);
        Assert.NotEmpty(exit.Message);
    }

    [Fact]
    public async Task Reopen_CreatedContainer_CanStillBeStarted()
    {
        await using var test = await TestEngine.StartAsync();
        var created = await test.Containers.CreateAsync(test.Spec("exit 6"), TestEngine.Timeout);
        await test.ReopenAsync();
        Assert.Equal(ContainerState.Created, test.Containers.Inspect(created.Id)!.State);
        await test.Containers.StartAsync(created.Id, TestEngine.Timeout);
        Assert.Equal(6, (await test.Containers.WaitAsync(created.Id, TestEngine.Timeout)).Code);
    }

    [Fact]
    public async Task Reopen_CreationWasCutShort_IsTakenBack()
    {
        await using var test = await TestEngine.StartAsync();
        var status = await test.Containers.CreateAsync(test.Spec("sleep 600"), TestEngine.Timeout);
        await test.CloseAsync();
        // As if we had died before conmon's answer: the record knows no process yet.
        var record = Path.Combine(test.Options.DataDirectory, "containers", status.Id, "state.json");
        var text = await File.ReadAllTextAsync(record);
        await File.WriteAllTextAsync(record, text.Replace($"\"pid\":{status.Pid},", "\"pid\":0,", StringComparison.Ordinal));
        await test.ReopenAsync();
        Assert.Empty(test.Containers.List());
        Assert.Empty(test.Engine.Snapshots.List());
        Assert.Null(test.Engine.Cgroups.ReadUsage(status.CgroupPath));
        Assert.Empty(Directory.EnumerateFileSystemEntries(Path.Combine(test.Options.RunDirectory, "runc")));
    }

    [Fact]
    public async Task Reopen_UnreadableRecord_DoesNotKeepTheOthers()
    {
        await using var test = await TestEngine.StartAsync();
        var status = await test.RunAsync(test.Spec("sleep 600"));
        var broken = Path.Combine(test.Options.DataDirectory, "containers", "broken");
        Directory.CreateDirectory(broken);
        await File.WriteAllTextAsync(Path.Combine(broken, "state.json"), "{ half");
        await test.ReopenAsync();
        Assert.Equal(status.Id, Assert.Single(test.Containers.List()).Id);
    }

    [Fact]
    public async Task Container_HasNoTieToOurSessionOrParentage()
    {
        await using var test = await TestEngine.StartAsync();
        var status = await test.RunAsync(test.Spec("sleep 600"));
        var monitor = int.Parse(await File.ReadAllTextAsync(Path.Combine(test.Options.RunDirectory, "bundles", status.Id, "conmon.pid")));
        var stat = (await File.ReadAllTextAsync($"/proc/{monitor}/stat")).Split(") ")[1].Split(' ');
        Assert.NotEqual(Environment.ProcessId, int.Parse(stat[1]));
        var ours = (await File.ReadAllTextAsync("/proc/self/stat")).Split(") ")[1].Split(' ');
        Assert.NotEqual(ours[3], stat[3]);
        // None of our files: a socket or a terminal of ours in its hands would outlive us.
        var standard = Enumerable.Range(0, 3).Select(fd => new FileInfo($"/proc/{monitor}/fd/{fd}").LinkTarget);
        Assert.DoesNotContain(standard, target => target is not null && target.Contains("/dev/pts", StringComparison.Ordinal));
    }
}
