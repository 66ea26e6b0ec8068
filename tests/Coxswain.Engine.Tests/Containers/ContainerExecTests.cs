using System.Text;
using Coxswain.Engine.Containers;
using Coxswain.Engine.Events;

namespace Coxswain.Engine.Tests.Containers;

public sealed class ContainerExecTests
{
    [Fact]
    public async Task Exec_Command_PassesStreamsAndCode()
    {
        await using var test = await TestEngine.StartAsync();
        var status = await test.RunAsync(test.Spec("sleep 600") with { Env = ["FROM=container"], WorkingDirectory = "/tmp" });
        await using var exec = await test.Containers.ExecAsync(
            status.Id,
            new ExecSpec { Args = ["sh", "-c", "cat; echo $FROM $MORE; pwd; echo oops >&2; exit 5"], Env = ["MORE=exec"], Stdin = true },
            TestEngine.Timeout);
        await exec.Input!.WriteAsync(Encoding.UTF8.GetBytes("typed\n"), TestEngine.Timeout);
        await exec.Input.DisposeAsync();
        Assert.Equal("typed\ncontainer exec\n/tmp\n", await ReadAsync(exec.Output));
        Assert.Equal("oops\n", await ReadAsync(exec.Error!));
        Assert.Equal(5, await exec.Exited.WaitAsync(TestEngine.Timeout));
    }

    [Fact]
    public async Task Exec_UnknownCommand_EndsWith127AndSaysWhy()
    {
        await using var test = await TestEngine.StartAsync();
        var status = await test.RunAsync(test.Spec("sleep 600"));
        await using var exec = await test.Containers.ExecAsync(
            status.Id, new ExecSpec { Args = ["nosuchprogram"] }, TestEngine.Timeout);
        Assert.Contains("nosuchprogram", await ReadAsync(exec.Error!));
        Assert.Equal(127, await exec.Exited.WaitAsync(TestEngine.Timeout));
    }

    [Fact]
    public async Task Exec_CodeOf255_IsTheProcessOwn()
    {
        await using var test = await TestEngine.StartAsync();
        var status = await test.RunAsync(test.Spec("sleep 600"));
        await using var exec = await test.Containers.ExecAsync(
            status.Id, new ExecSpec { Args = ["sh", "-c", "exit 255"] }, TestEngine.Timeout);
        Assert.Equal(255, await exec.Exited.WaitAsync(TestEngine.Timeout));
    }

    [Fact]
    public async Task Exec_WithTerminal_HasOneAndItsSize()
    {
        await using var test = await TestEngine.StartAsync();
        var status = await test.RunAsync(test.Spec("sleep 600"));
        await using var exec = await test.Containers.ExecAsync(
            status.Id,
            new ExecSpec
            {
                Args = ["sh", "-c", "trap 'stty size; exit 0' WINCH; stty size; echo ready; while :; do sleep 1; done"],
                Terminal = true,
                Stdin = true,
                Size = new TerminalSize(100, 40),
            },
            TestEngine.Timeout);
        var seen = await ReadUntilAsync(exec.Output, "ready");
        Assert.Contains("40 100", seen);
        await exec.ResizeAsync(new TerminalSize(81, 25), TestEngine.Timeout);
        Assert.Contains("25 81", await ReadUntilAsync(exec.Output, "25 81"));
        Assert.Equal(0, await exec.Exited.WaitAsync(TestEngine.Timeout));
    }

    [Fact]
    public async Task Exec_Disposed_EndsTheProcess()
    {
        await using var test = await TestEngine.StartAsync();
        var status = await test.RunAsync(test.Spec("sleep 600"));
        var exec = await test.Containers.ExecAsync(
            status.Id, new ExecSpec { Args = ["sh", "-c", "echo ready; exec sleep 700"] }, TestEngine.Timeout);
        await ReadUntilAsync(exec.Output, "ready");
        await exec.DisposeAsync();
        Assert.Equal(137, await exec.Exited);
        var left = test.Engine.Cgroups.ListProcesses(status.CgroupPath).Select(pid => File.ReadAllText($"/proc/{pid}/cmdline"));
        Assert.DoesNotContain(left, command => command.Contains("700", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Exec_NotRunning_IsRefused()
    {
        await using var test = await TestEngine.StartAsync();
        var created = await test.Containers.CreateAsync(test.Spec("exit 0"), TestEngine.Timeout);
        var spec = new ExecSpec { Args = ["true"] };
        await Assert.ThrowsAsync<ContainerStateException>(() => test.Containers.ExecAsync(created.Id, spec, TestEngine.Timeout));
        await Assert.ThrowsAsync<ContainerNotFoundException>(() => test.Containers.ExecAsync("none", spec, TestEngine.Timeout));
    }

    [Fact]
    public async Task Attach_WithStdin_TypesAndReads()
    {
        await using var test = await TestEngine.StartAsync();
        var spec = test.Spec("echo ready; read line; echo got $line; echo done >&2") with { Stdin = true };
        var status = await test.RunAsync(spec);
        await TestEngine.WaitForLogAsync(status, "ready");
        await using var attach = await test.Containers.AttachAsync(status.Id, TestEngine.Timeout);
        await attach.WriteAsync(Encoding.UTF8.GetBytes("words\n"), TestEngine.Timeout);
        var (output, error) = ("", "");
        while (await attach.ReadAsync(TestEngine.Timeout) is { } piece)
        {
            var text = Encoding.UTF8.GetString(piece.Data.Span);
            (output, error) = piece.IsError ? (output, error + text) : (output + text, error);
        }

        Assert.Equal(("got words\n", "done\n"), (output, error));
        Assert.Equal(0, (await test.Containers.WaitAsync(status.Id, TestEngine.Timeout)).Code);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Attach_InputClosed_EndsItForTheProcessWhenItIsOnce(bool once)
    {
        await using var test = await TestEngine.StartAsync();
        var created = await test.Containers.CreateAsync(
            test.Spec("cat; echo end") with { Stdin = true, StdinOnce = once }, TestEngine.Timeout);
        // As docker run does: attached before there is a process, so that nothing is missed.
        await using var attach = await test.Containers.AttachAsync(created.Id, TestEngine.Timeout);
        var status = await test.Containers.StartAsync(created.Id, TestEngine.Timeout);
        await attach.WriteAsync(Encoding.UTF8.GetBytes("x\n"), TestEngine.Timeout);
        await attach.CloseInputAsync(TestEngine.Timeout);
        await TestEngine.WaitForLogAsync(status, "x");
        if (once)
        {
            var output = "";
            while (await attach.ReadAsync(TestEngine.Timeout) is { } piece)
            {
                output += Encoding.UTF8.GetString(piece.Data.Span);
            }

            Assert.Equal("x\nend\n", output);
            Assert.Equal(0, (await test.Containers.WaitAsync(status.Id, TestEngine.Timeout)).Code);
            return;
        }

        // The next who attaches types on.
        await using var second = await test.Containers.AttachAsync(created.Id, TestEngine.Timeout);
        await second.WriteAsync(Encoding.UTF8.GetBytes("y\n"), TestEngine.Timeout);
        await TestEngine.WaitForLogAsync(status, "y");
        Assert.Equal(ContainerState.Running, test.Containers.Inspect(status.Id)!.State);
    }

    [Fact]
    public async Task Attach_ToATaskThatCannotBeMade_Ends()
    {
        await using var test = await TestEngine.StartAsync();
        var created = await test.Containers.CreateAsync(test.Spec("") with { Args = ["nosuchprogram"] }, TestEngine.Timeout);
        await using var attach = await test.Containers.AttachAsync(created.Id, TestEngine.Timeout);
        await Assert.ThrowsAsync<ContainerStartException>(() => test.Containers.StartAsync(created.Id, TestEngine.Timeout));
        Assert.Null(await attach.ReadAsync(TestEngine.Timeout));
    }

    [Fact]
    public async Task Exec_HasAnIdAndALife()
    {
        await using var test = await TestEngine.StartAsync();
        using var events = test.Engine.Events.Subscribe();
        var status = await test.RunAsync(test.Spec("sleep 600"));
        var exec = test.Containers.CreateExec(status.Id, new ExecSpec { Args = ["sh", "-c", "echo ready; exec cat"], Stdin = true });
        Assert.Equal((ExecState.Created, null), (exec.State, exec.ExitCode));
        await using var running = await test.Containers.StartExecAsync(exec.Id, TestEngine.Timeout);
        await ReadUntilAsync(running.Output, "ready");
        Assert.Equal(ExecState.Running, test.Containers.InspectExec(exec.Id)!.State);
        Assert.NotEqual(0, test.Containers.InspectExec(exec.Id)!.Pid);
        await Assert.ThrowsAsync<ContainerStateException>(() => test.Containers.StartExecAsync(exec.Id, TestEngine.Timeout));
        await running.Input!.DisposeAsync();
        Assert.Equal(0, await running.Exited.WaitAsync(TestEngine.Timeout));
        EngineEvent seen;
        do
        {
            seen = await events.ReadAsync(TestEngine.Timeout);
        }
        while (seen.Type != EngineEventType.ExecDied);

        Assert.Equal((exec.Id, "0"), (seen.Attributes[EventAttributes.ExecId], seen.Attributes[EventAttributes.ExitCode]));
        Assert.Equal((ExecState.Exited, 0), (test.Containers.InspectExec(exec.Id)!.State, test.Containers.InspectExec(exec.Id)!.ExitCode));
        Assert.Equal(exec.Id, Assert.Single(test.Containers.ListExecs(status.Id)).Id);
        await test.Containers.RemoveAsync(status.Id, TestEngine.Timeout);
        Assert.Null(test.Containers.InspectExec(exec.Id));
    }

    [Fact]
    public async Task Terminal_OfContainer_HasTheSizeItIsGiven()
    {
        await using var test = await TestEngine.StartAsync();
        var script = "trap 'stty size; exit 0' WINCH; test -t 1 && echo terminal; while :; do sleep 1; done";
        var status = await test.RunAsync(test.Spec(script) with { Terminal = true, Stdin = true });
        await TestEngine.WaitForLogAsync(status, "terminal");
        await test.Containers.ResizeAsync(status.Id, new TerminalSize(90, 33), TestEngine.Timeout);
        await TestEngine.WaitForLogAsync(status, "33 90");
        Assert.Equal(0, (await test.Containers.WaitAsync(status.Id, TestEngine.Timeout)).Code);
    }

    private static async Task<string> ReadAsync(Stream stream)
    {
        using var reader = new StreamReader(stream);
        return await reader.ReadToEndAsync(TestEngine.Timeout);
    }

    private static async Task<string> ReadUntilAsync(Stream stream, string end)
    {
        var text = "";
        var buffer = new byte[1024];
        while (!text.Contains(end, StringComparison.Ordinal))
        {
            var count = await stream.ReadAsync(buffer, TestEngine.Timeout);
            Assert.True(count > 0, $"awaited '{end}', the stream ended after: {text}");
            text += Encoding.UTF8.GetString(buffer, 0, count);
        }

        return text;
    }
}
