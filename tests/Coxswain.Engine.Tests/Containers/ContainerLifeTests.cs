using Coxswain.Engine.Containers;
using Coxswain.Engine.Events;
using Coxswain.Engine.Logs;
using Coxswain.Linux.Processes;

namespace Coxswain.Engine.Tests.Containers;

public sealed class ContainerLifeTests
{
    [Theory]
    [InlineData("exit 0", 0)]
    [InlineData("exit 7", 7)]
    [InlineData("kill -TERM $$; kill -KILL $$", 1)]
    public async Task Wait_ProcessEnds_TellsItsCode(string script, int code)
    {
        await using var test = await TestEngine.StartAsync();
        // A first process is deaf to signals it has no handler for, and the shell's own code for that is what ends it.
        var (exit, _) = await test.RunToEndAsync(test.Spec(code == 1 ? script + "; exit 1" : script));
        Assert.Equal(code, exit.Code);
        Assert.False(exit.OomKilled);
    }

    [Fact]
    public async Task Log_OfBothStreams_IsInCriFormat()
    {
        await using var test = await TestEngine.StartAsync();
        var status = await test.RunAsync(test.Spec("echo out; echo err >&2; printf partial"));
        await test.Containers.WaitAsync(status.Id, TestEngine.Timeout);
        var lines = TestEngine.ReadLog(status);
        Assert.Contains(lines, line => line is { Stream: "stdout", Tag: "F", Text: "out" });
        Assert.Contains(lines, line => line is { Stream: "stderr", Tag: "F", Text: "err" });
        Assert.Contains(lines, line => line is { Stream: "stdout", Tag: "P", Text: "partial" });
        Assert.All(lines, line => Assert.InRange(line.Time, status.CreatedAt.AddMinutes(-1), status.CreatedAt.AddMinutes(5)));
    }

    [Fact]
    public async Task Create_KeepsAContainerWithoutAProcess()
    {
        await using var test = await TestEngine.StartAsync();
        var created = await test.Containers.CreateAsync(test.Spec("true"), TestEngine.Timeout);
        Assert.Equal((ContainerState.Created, 0), (created.State, created.Pid));
        Assert.True(File.Exists(Path.Combine(created.RootDirectory, "bin/busybox")));
        Assert.Equal(0, (await test.Containers.WaitAsync(created.Id, TestEngine.Timeout)).Code);
        Assert.False(await test.Containers.KillAsync(created.Id, Signals.Kill, TestEngine.Timeout));
        Assert.Equal(0, (await test.Containers.StopAsync(created.Id, TimeSpan.Zero, TestEngine.Timeout)).Code);
    }

    [Fact]
    public async Task Prepare_BeforeStart_RunsNothing()
    {
        await using var test = await TestEngine.StartAsync();
        var created = await test.Containers.CreateAsync(test.Spec("echo ran; sleep 600"), TestEngine.Timeout);
        var prepared = await test.Containers.PrepareAsync(created.Id, TestEngine.Timeout);
        Assert.Equal(ContainerState.Created, prepared.State);
        Assert.True(Signals.Send(prepared.Pid, 0));
        Assert.Equal(0, new FileInfo(created.Spec.LogPath!).Length);
        var started = await test.Containers.StartAsync(created.Id, TestEngine.Timeout);
        Assert.Equal((ContainerState.Running, prepared.Pid), (started.State, started.Pid));
        await TestEngine.WaitForLogAsync(started, "ran");
        await Assert.ThrowsAsync<ContainerStateException>(() => test.Containers.StartAsync(created.Id, TestEngine.Timeout));
    }

    [Fact]
    public async Task Start_AfterAnExit_RunsANewTaskOnTheSameRootAndLog()
    {
        await using var test = await TestEngine.StartAsync();
        var first = await test.RunAsync(test.Spec("test -e /mark && echo again && exit 7; echo x > /mark; echo first; exit 3"));
        var exit = await test.Containers.WaitAsync(first.Id, TestEngine.Timeout);
        Assert.Equal(3, exit.Code);
        var next = test.Containers.WaitAsync(first.Id, TestEngine.Timeout, ContainerWaitCondition.NextExit);
        var second = await test.Containers.StartAsync(first.Id, TestEngine.Timeout);
        Assert.Equal((1, exit, null), (second.RestartCount, second.LastExit, second.Exit));
        Assert.True(second.StartedAt >= exit.FinishedAt);
        Assert.Equal(7, (await next).Code);
        Assert.Equal(["first", "again"], TestEngine.ReadLog(second).Select(line => line.Text));
        // And all of that is known to the next engine, which can start it once more.
        await test.ReopenAsync();
        var kept = test.Containers.Inspect(first.Id)!;
        Assert.Equal((ContainerState.Exited, 7, 3, 1), (kept.State, kept.Exit!.Code, kept.LastExit!.Code, kept.RestartCount));
        await test.Containers.StartAsync(first.Id, TestEngine.Timeout);
        Assert.Equal(7, (await test.Containers.WaitAsync(first.Id, TestEngine.Timeout)).Code);
    }

    [Fact]
    public async Task Wait_Removed_EndsWithTheContainer()
    {
        await using var test = await TestEngine.StartAsync();
        var status = await test.RunAsync(test.Spec("sleep 600"));
        var removed = test.Containers.WaitAsync(status.Id, TestEngine.Timeout, ContainerWaitCondition.Removed);
        await test.Containers.StopAsync(status.Id, TimeSpan.Zero, TestEngine.Timeout);
        Assert.False(removed.IsCompleted);
        await test.Containers.RemoveAsync(status.Id, TestEngine.Timeout);
        Assert.Equal(137, (await removed).Code);
    }

    [Theory]
    [InlineData("/no/such/program", 127)]
    [InlineData("nosuchprogram", 127)]
    [InlineData("/etc/passwd", 126)]
    public async Task Start_CommandCannotRun_SaysWhyAndLeavesNoTask(string command, int code)
    {
        await using var test = await TestEngine.StartAsync();
        var spec = test.Spec("") with { Args = [command] };
        var created = await test.Containers.CreateAsync(spec, TestEngine.Timeout);
        var exception = await Assert.ThrowsAsync<ContainerStartException>(() => test.Containers.StartAsync(created.Id, TestEngine.Timeout));
        Assert.Equal(code, exception.ExitCode);
        Assert.Contains(command, exception.Message);
        Assert.DoesNotContain("level=error", exception.Message);
        var kept = test.Containers.Inspect(created.Id)!;
        Assert.Equal((ContainerState.Created, 0, code, exception.Message), (kept.State, kept.Pid, kept.Exit!.Code, kept.Exit.Message));
        Assert.Null(test.Engine.Cgroups.ReadUsage(created.CgroupPath));
        Assert.Empty(Directory.EnumerateFileSystemEntries(Path.Combine(test.Options.RunDirectory, "bundles")));
    }

    [Fact]
    public async Task Stop_HeedsSigterm_EndsWithItsOwnCode()
    {
        await using var test = await TestEngine.StartAsync();
        var status = await test.RunAsync(test.Spec("trap 'exit 3' TERM; echo ready; while :; do sleep 600 & wait $!; done"));
        await TestEngine.WaitForLogAsync(status, "ready");
        var exit = await test.Containers.StopAsync(status.Id, TimeSpan.FromSeconds(60), TestEngine.Timeout);
        Assert.Equal(3, exit.Code);
    }

    [Fact]
    public async Task Stop_DeafToSigterm_IsKilledAfterTheGrace()
    {
        await using var test = await TestEngine.StartAsync();

        // Before its program runs, the process is runc's, which is not deaf.
        var status = await test.RunAsync(test.Spec("echo ready; sleep 600"));
        await TestEngine.WaitForLogAsync(status, "ready");
        var exit = await test.Containers.StopAsync(status.Id, TimeSpan.FromMilliseconds(50), TestEngine.Timeout);
        Assert.Equal((137, false), (exit.Code, exit.OomKilled));
        Assert.False(await test.Containers.KillAsync(status.Id, Signals.Kill, TestEngine.Timeout));
    }

    [Fact]
    public async Task Stop_OwnStopSignal_IsSent()
    {
        await using var test = await TestEngine.StartAsync();
        var script = "trap 'exit 9' QUIT; echo ready; while :; do sleep 600 & wait $!; done";
        var status = await test.RunAsync(test.Spec(script) with { StopSignal = "SIGQUIT" });
        await TestEngine.WaitForLogAsync(status, "ready");
        var exit = await test.Containers.StopAsync(status.Id, TimeSpan.FromSeconds(60), TestEngine.Timeout);
        Assert.Equal(9, exit.Code);
    }

    [Fact]
    public async Task Events_OfOneLife_ComeInOrder()
    {
        await using var test = await TestEngine.StartAsync();
        using var events = test.Engine.Events.Subscribe();
        var status = await test.RunAsync(test.Spec("exit 4"));
        await test.Containers.WaitAsync(status.Id, TestEngine.Timeout);
        await test.Containers.RemoveAsync(status.Id, TestEngine.Timeout);
        var seen = new List<EngineEvent>();
        for (var i = 0; i < 4; i++)
        {
            seen.Add(await events.ReadAsync(TestEngine.Timeout));
        }

        Assert.Equal(
            [
                EngineEventType.ContainerCreated, EngineEventType.ContainerStarted, EngineEventType.ContainerDied,
                EngineEventType.ContainerDestroyed,
            ],
            seen.Select(item => item.Type));
        Assert.All(seen, item => Assert.Equal(status.Id, item.Subject));
        Assert.Equal("4", seen[2].Attributes[EventAttributes.ExitCode]);
    }

    [Fact]
    public async Task Remove_Running_LeavesNothing()
    {
        await using var test = await TestEngine.StartAsync();
        var status = await test.RunAsync(test.Spec("sleep 600 & sleep 600"));
        await test.Containers.RemoveAsync(status.Id, TestEngine.Timeout);
        Assert.False(Signals.Send(status.Pid, 0));
        Assert.Null(test.Containers.Inspect(status.Id));
        Assert.Null(test.Engine.Cgroups.ReadUsage(status.CgroupPath));
        Assert.False(Directory.Exists(status.RootDirectory));
        Assert.DoesNotContain(status.Id, await File.ReadAllTextAsync("/proc/self/mountinfo"));
        await test.Containers.RemoveAsync(status.Id, TestEngine.Timeout);
    }

    [Fact]
    public async Task Remove_LastOfAGroup_TakesTheGroupAlong()
    {
        await using var test = await TestEngine.StartAsync();
        var spec = test.Spec("sleep 600") with { CgroupParent = "burstable/pod-1" };
        var (one, other) = (await test.RunAsync(spec), await test.RunAsync(spec));
        await test.Containers.RemoveAsync(one.Id, TestEngine.Timeout);
        Assert.NotNull(test.Engine.Cgroups.ReadUsage($"{test.Options.CgroupParent}/burstable/pod-1"));
        await test.Containers.RemoveAsync(other.Id, TestEngine.Timeout);
        Assert.Null(test.Engine.Cgroups.ReadUsage($"{test.Options.CgroupParent}/burstable"));
        Assert.NotNull(test.Engine.Cgroups.ReadUsage(test.Options.CgroupParent));
    }

    [Fact]
    public async Task Log_EngineDiedInMidRotation_GoesOnInANewFileAndIsReadWhole()
    {
        await using var test = await TestEngine.StartAsync();
        var script = "trap 'echo after' USR1; echo before; while :; do sleep 600 & wait $!; done";
        var status = await test.RunAsync(test.Spec(script));
        await TestEngine.WaitForLogAsync(status, "before");
        await test.CloseAsync();
        // Put aside, but conmon has not been told.
        var aside = status.Spec.LogPath + ".20260101-000000";
        File.Move(status.Spec.LogPath!, aside);
        await test.ReopenAsync();
        var cancellation = TestEngine.Timeout;
        while (!File.Exists(status.Spec.LogPath))
        {
            Assert.False(cancellation.IsCancellationRequested, "awaited the new log file, there is none");
            await Task.Yield();
        }

        await test.Containers.KillAsync(status.Id, Signals.User1, TestEngine.Timeout);
        await TestEngine.WaitForLogAsync(status, "after");
        Assert.DoesNotContain("after", await File.ReadAllTextAsync(aside));
        using var all = new MemoryStream();
        await test.Containers.ReadLogAsync(
            status.Id, new LogOptions { TailLines = 2 }, new PlainLogFormat(timestamps: false), all, TestEngine.Timeout);
        Assert.Equal("before\nafter\n", System.Text.Encoding.UTF8.GetString(all.ToArray()));
    }

    [Fact]
    public async Task ReadLog_Following_EndsWithTheTask()
    {
        await using var test = await TestEngine.StartAsync();
        var status = await test.RunAsync(test.Spec("echo one; echo two >&2; sleep 0.2; echo three"));
        using var all = new MemoryStream();
        await test.Containers.ReadLogAsync(
            status.Id, new LogOptions { Follow = true, Stderr = false }, new PlainLogFormat(timestamps: false), all, TestEngine.Timeout);
        Assert.Equal("one\nthree\n", System.Text.Encoding.UTF8.GetString(all.ToArray()));
    }
}
