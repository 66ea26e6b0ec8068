using Coxswain.Engine.Containers;
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
    public async Task Create_BeforeStart_RunsNothing()
    {
        await using var test = await TestEngine.StartAsync();
        var created = await test.Containers.CreateAsync(test.Spec("echo ran; sleep 600"), TestEngine.Timeout);
        Assert.Equal(ContainerState.Created, created.State);
        Assert.True(Signals.Send(created.Pid, 0));
        Assert.Equal(0, new FileInfo(created.Spec.LogPath!).Length);
        var started = await test.Containers.StartAsync(created.Id, TestEngine.Timeout);
        Assert.Equal((ContainerState.Running, created.Pid), (started.State, started.Pid));
        await TestEngine.WaitForLogAsync(started, "ran");
        await Assert.ThrowsAsync<ContainerStateException>(() => test.Containers.StartAsync(created.Id, TestEngine.Timeout));
    }

    [Theory]
    [InlineData("/no/such/program", 127)]
    [InlineData("nosuchprogram", 127)]
    [InlineData("/etc/passwd", 126)]
    public async Task Create_CommandCannotRun_SaysWhyAndLeavesNothing(string command, int code)
    {
        await using var test = await TestEngine.StartAsync();
        var spec = test.Spec("") with { Args = [command] };
        var exception = await Assert.ThrowsAsync<ContainerStartException>(() => test.Containers.CreateAsync(spec, TestEngine.Timeout));
        Assert.Equal(code, exception.ExitCode);
        Assert.Contains(command, exception.Message);
        Assert.DoesNotContain("level=error", exception.Message);
        Assert.Empty(test.Containers.List());
        Assert.Empty(test.Engine.Snapshots.List());
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
        var status = await test.RunAsync(test.Spec("sleep 600"));
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
        using var events = test.Containers.Subscribe();
        var status = await test.RunAsync(test.Spec("exit 4"));
        await test.Containers.WaitAsync(status.Id, TestEngine.Timeout);
        await test.Containers.RemoveAsync(status.Id, TestEngine.Timeout);
        var seen = new List<ContainerEvent>();
        for (var i = 0; i < 4; i++)
        {
            seen.Add(await events.ReadAsync(TestEngine.Timeout));
        }

        Assert.Equal(
            [ContainerEventType.Created, ContainerEventType.Started, ContainerEventType.Exited, ContainerEventType.Removed],
            seen.Select(item => item.Type));
        Assert.All(seen, item => Assert.Equal(status.Id, item.Status!.Id));
        Assert.Equal(4, seen[2].Status!.Exit!.Code);
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
    public async Task Log_RenamedAndReopened_GoesOnInANewFile()
    {
        await using var test = await TestEngine.StartAsync();
        var script = "trap 'echo after' USR1; echo before; while :; do sleep 600 & wait $!; done";
        var status = await test.RunAsync(test.Spec(script));
        await TestEngine.WaitForLogAsync(status, "before");
        var rotated = status.Spec.LogPath + ".1";
        File.Move(status.Spec.LogPath!, rotated);
        await test.Containers.ReopenLogAsync(status.Id, TestEngine.Timeout);
        var cancellation = TestEngine.Timeout;
        while (!File.Exists(status.Spec.LogPath))
        {
            Assert.False(cancellation.IsCancellationRequested, "awaited the new log file, there is none");
            await Task.Yield();
        }

        await test.Containers.KillAsync(status.Id, Signals.User1, TestEngine.Timeout);
        await TestEngine.WaitForLogAsync(status, "after");
        Assert.DoesNotContain("after", await File.ReadAllTextAsync(rotated));
    }
}
