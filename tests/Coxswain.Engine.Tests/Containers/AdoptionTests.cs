using Coxswain.Engine.Containers;
using Coxswain.Engine.Events;
using Coxswain.Engine.Hosting;
using Coxswain.Linux.Files;
using Coxswain.Linux.Processes;
using Microsoft.Extensions.Logging;

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
        using var events = test.Engine.Events.Subscribe();
        await test.Containers.KillAsync(before.Id, Signals.Kill, TestEngine.Timeout);
        Assert.Equal(137, (await test.Containers.WaitAsync(before.Id, TestEngine.Timeout)).Code);
        Assert.Equal(EngineEventType.ContainerDied, (await events.ReadAsync(TestEngine.Timeout)).Type);
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
        await test.Containers.PrepareAsync(created.Id, TestEngine.Timeout);
        await test.ReopenAsync();
        Assert.Equal(ContainerState.Created, test.Containers.Inspect(created.Id)!.State);
        await test.Containers.StartAsync(created.Id, TestEngine.Timeout);
        Assert.Equal(6, (await test.Containers.WaitAsync(created.Id, TestEngine.Timeout)).Code);
    }

    [Fact]
    public async Task Reopen_DiedRightAfterLettingTheProcessRun_IsRunning()
    {
        await using var test = await TestEngine.StartAsync();
        var created = await test.Containers.CreateAsync(test.Spec("echo ready; sleep 600"), TestEngine.Timeout);
        var prepared = await test.Containers.PrepareAsync(created.Id, TestEngine.Timeout);
        await test.CloseAsync();
        // What starting does first. The FIFO is still there, and the record says that it waits.
        var fifo = Path.Combine(test.Options.RunDirectory, "runc", created.Id, "exec.fifo");
        using var events = new KernelEvents();
        var letRun = await new FifoGate(events).OpenAsync(
            fifo, token => new ProcessWatcher(events).WaitForExitAsync(prepared.Pid, 0, token), TestEngine.Timeout);
        Assert.True(letRun && File.Exists(fifo));
        await TestEngine.WaitForLogAsync(prepared, "ready");

        await test.ReopenAsync();

        var status = test.Containers.Inspect(created.Id)!;
        Assert.Equal((ContainerState.Running, prepared.Pid), (status.State, status.Pid));
        Assert.NotNull(status.StartedAt);
        Assert.False(File.Exists(fifo));
    }

    [Fact]
    public async Task Reopen_DirectoriesOfExecsThatWereCutShort_AreRemoved()
    {
        await using var test = await TestEngine.StartAsync();
        await test.CloseAsync();
        var execs = Path.Combine(test.Options.RunDirectory, "execs");
        Directory.CreateDirectory(Path.Combine(execs, "cut-short"));
        await test.ReopenAsync();
        Assert.Empty(Directory.EnumerateFileSystemEntries(execs));
    }

    [Fact]
    public async Task Monitor_EndCannotBeLearntAtFirst_IsLearntLater()
    {
        await using var test = await TestEngine.StartAsync();
        var status = await test.RunAsync(test.Spec("sleep 600"));
        var monitor = int.Parse(await File.ReadAllTextAsync(Path.Combine(test.Options.RunDirectory, "bundles", status.Id, "conmon.pid")));
        await test.CloseAsync();
        var log = new FirstError();
        await using var engine = new ContainerEngine(test.Options, TimeProvider.System, log);
        await engine.StartAsync(TestEngine.Timeout);
        var stopped = engine.Containers.WaitAsync(status.Id, TestEngine.Timeout);
        // A file that is there and gives an input/output error.
        var exitFile = Path.Combine(test.Options.RunDirectory, "exits", status.Id);
        File.CreateSymbolicLink(exitFile, "/proc/self/mem");
        Signals.Send(monitor, Signals.Kill);
        await log.Seen.WaitAsync(TestEngine.Timeout);
        File.Delete(exitFile);
        Assert.Equal(ContainerState.Running, engine.Containers.Inspect(status.Id)!.State);

        await engine.Containers.KillAsync(status.Id, Signals.Kill, TestEngine.Timeout);

        Assert.Equal(ContainerExit.UnknownCode, (await stopped).Code);
        Assert.Equal(ContainerState.Exited, engine.Containers.Inspect(status.Id)!.State);
    }

    [Fact]
    public async Task Reopen_CreationWasCutShort_IsTakenBack()
    {
        await using var test = await TestEngine.StartAsync();
        var status = await test.Containers.CreateAsync(test.Spec("sleep 600"), TestEngine.Timeout);
        await test.CloseAsync();
        // As if we had died before the record was written, which comes last.
        File.Delete(Path.Combine(test.Options.DataDirectory, "containers", status.Id, "container.json"));
        await test.ReopenAsync();
        Assert.Empty(test.Containers.List());
        Assert.Empty(test.Engine.Snapshots.ListIds());
        Assert.Empty(Directory.EnumerateFileSystemEntries(Path.Combine(test.Options.DataDirectory, "containers")));
    }

    [Fact]
    public async Task Reopen_PreparationWasCutShort_IsClearedAndCanBeStarted()
    {
        await using var test = await TestEngine.StartAsync();
        var created = await test.Containers.CreateAsync(test.Spec("exit 6"), TestEngine.Timeout);
        var status = await test.Containers.PrepareAsync(created.Id, TestEngine.Timeout);
        await test.CloseAsync();
        // As if we had died before conmon's answer: the record knows no process yet.
        var record = Path.Combine(test.Options.DataDirectory, "containers", status.Id, "task.json");
        await File.WriteAllTextAsync(record, """{"state":"Created","preparing":true}""");
        await test.ReopenAsync();
        Assert.Equal((ContainerState.Created, 0), (test.Containers.Inspect(status.Id)!.State, test.Containers.Inspect(status.Id)!.Pid));
        Assert.Equal(0, ProcessInfo.StartTime(status.Pid));
        Assert.Null(test.Engine.Cgroups.ReadUsage(status.CgroupPath));
        Assert.Empty(Directory.EnumerateFileSystemEntries(Path.Combine(test.Options.RunDirectory, "runc")));
        await test.Containers.StartAsync(status.Id, TestEngine.Timeout);
        Assert.Equal(6, (await test.Containers.WaitAsync(status.Id, TestEngine.Timeout)).Code);
    }

    [Theory]
    [InlineData("")]
    [InlineData("{ half")]
    [InlineData("\0\0\0\0")]
    public async Task Reopen_TornFilesAfterAPowerFailure_StartsAndKeepsTheContainer(string torn)
    {
        await using var test = await TestEngine.StartAsync(network: true);
        var status = await test.RunAsync(test.Spec("test -e /first && exit 5; echo x > /first; exit 4"));
        await test.Containers.WaitAsync(status.Id, TestEngine.Timeout);
        await test.Network.AttachAsync(new Coxswain.Engine.Networks.NetworkAttachRequest("torn", "torn"), TestEngine.Timeout);
        await test.CloseAsync();
        foreach (var file in new[] { $"containers/{status.Id}/task.json", $"snapshots/{status.Id}/layers.json", "network/torn.json" })
        {
            await File.WriteAllTextAsync(Path.Combine(test.Options.DataDirectory, file), torn);
        }

        await test.ReopenAsync();
        Assert.Equal(ContainerState.Exited, test.Containers.Inspect(status.Id)!.State);
        Assert.Equal(ContainerExit.UnknownCode, test.Containers.Inspect(status.Id)!.Exit!.Code);
        Assert.Null(test.Network.Find("torn"));
        await test.Containers.StartAsync(status.Id, TestEngine.Timeout);
        Assert.Equal(5, (await test.Containers.WaitAsync(status.Id, TestEngine.Timeout)).Code);
    }

    [Fact]
    public async Task Start_DirectoriesOfALiveEngine_AreRefusedBeforeAnythingIsTouched()
    {
        await using var test = await TestEngine.StartAsync();
        // What a dead engine would have left: half a container.
        var half = Directory.CreateDirectory(Path.Combine(test.Options.DataDirectory, "containers", "half"));
        await using var second = new ContainerEngine(test.Options, TimeProvider.System, Microsoft.Extensions.Logging.Abstractions.NullLoggerFactory.Instance);
        var refused = await Assert.ThrowsAsync<EngineInUseException>(() => second.StartAsync(TestEngine.Timeout));
        Assert.Contains(test.Options.DataDirectory, refused.Message);
        await Assert.ThrowsAsync<EngineInUseException>(() => second.DeleteAllAsync(TestEngine.Timeout));
        Assert.True(half.Exists);
    }

    [Fact]
    public async Task DeleteAll_ForeignMountInASnapshot_IsUnmountedAndItsContentKept()
    {
        await using var test = await TestEngine.StartAsync();
        var status = await test.Containers.CreateAsync(test.Spec("true"), TestEngine.Timeout);
        var kept = Directory.CreateDirectory(Path.Combine(test.LogDirectory, "kept")).FullName;
        await File.WriteAllTextAsync(Path.Combine(kept, "file"), "content");
        var target = Directory.CreateDirectory(Path.Combine(test.Options.DataDirectory, "containers", status.Id, "foreign")).FullName;
        new Coxswain.Linux.Mounts.KernelMounts().Mount(Coxswain.Linux.Mounts.MountRequest.Bind(kept, target));
        await test.DeleteAllAsync();
        Assert.Equal("content", await File.ReadAllTextAsync(Path.Combine(kept, "file")));
        Assert.DoesNotContain(target, await File.ReadAllTextAsync("/proc/self/mountinfo"));
    }

    [Fact]
    public async Task Reopen_UnreadableRecord_DoesNotKeepTheOthers()
    {
        await using var test = await TestEngine.StartAsync();
        var status = await test.RunAsync(test.Spec("sleep 600"));
        var broken = Path.Combine(test.Options.DataDirectory, "containers", "broken");
        Directory.CreateDirectory(broken);
        await File.WriteAllTextAsync(Path.Combine(broken, "container.json"), "{ half");
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

    private sealed class FirstError : ILoggerFactory, ILogger
    {
        private readonly TaskCompletionSource _seen = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task Seen => _seen.Task;

        public ILogger CreateLogger(string categoryName) => this;

        public void AddProvider(ILoggerProvider provider)
        {
        }

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Error;

        public void Log<TState>(
            LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (logLevel >= LogLevel.Error)
            {
                _seen.TrySetResult();
            }
        }

        public void Dispose()
        {
        }
    }
}
