using System.Text;
using Coxswain.Linux.Processes;

namespace Coxswain.Linux.Tests.Processes;

public sealed class ProcessRunnerTests : IDisposable
{
    private readonly KernelEvents _events = new();
    private readonly ProcessRunner _runner;

    public ProcessRunnerTests() => _runner = new ProcessRunner(_events);

    private static CancellationToken Timeout => new CancellationTokenSource(TimeSpan.FromSeconds(60)).Token;

    public void Dispose() => _events.Dispose();

    [Fact]
    public async Task Run_WithInput_CapturesBothStreams()
    {
        var spec = new ProcessSpec("sh", "-c", "cat; echo problem >&2; echo $NAME; pwd")
        {
            Input = Encoding.UTF8.GetBytes("given\n"),
            ExtraEnvironment = new Dictionary<string, string> { ["NAME"] = "value" },
            WorkingDirectory = "/usr",
        };
        var result = await _runner.RunAsync(spec, Timeout);
        Assert.Equal(("given\nvalue\n/usr\n", "problem\n"), (result.Output, result.Error));
    }

    [Fact]
    public async Task Run_Fails_SaysCommandCodeAndLastWords()
    {
        var exception = await Assert.ThrowsAsync<ProcessFailedException>(
            () => _runner.RunAsync(new ProcessSpec("sh", "-c", "echo why >&2; exit 3"), Timeout));
        Assert.Equal((3, "why"), (exception.ExitCode, exception.ErrorTail));
        Assert.StartsWith("sh -c echo why >&2; exit 3 ended with code 3: why", exception.Message);
    }

    [Fact]
    public async Task Run_NoSuchProgram_SaysSo()
    {
        var exception = await Assert.ThrowsAsync<ProcessFailedException>(
            () => _runner.RunAsync(new ProcessSpec("no-such-program"), Timeout));
        Assert.Contains("no-such-program could not be started", exception.Message);
    }

    [Fact]
    public async Task Run_MoreOutputThanKept_KeepsTheEnd()
    {
        var lines = 0;
        var spec = new ProcessSpec("sh", "-c", "i=0; while [ $i -lt 5000 ]; do echo line $i; i=$((i+1)); done")
        {
            CaptureBytes = 1000,
            OnOutputLine = _ => lines++,
        };
        var result = await _runner.RunAsync(spec, Timeout);
        Assert.EndsWith("line 4999\n", result.Output);
        Assert.InRange(result.Output.Length, 1000, 20_000);
        Assert.Equal(5000, lines);
    }

    [Fact]
    public async Task Run_Canceled_KillsTheChild()
    {
        using var cancellation = new CancellationTokenSource();
        var pid = 0;
        var spec = new ProcessSpec("sh", "-c", "echo $$; exec sleep 600")
        {
            OnOutputLine = line =>
            {
                pid = int.Parse(line);
                cancellation.Cancel();
            },
        };
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => _runner.RunAsync(spec, cancellation.Token));
        await new ProcessWatcher(_events).WaitForExitAsync(pid, 0, Timeout);
        Assert.Equal(0, ProcessInfo.StartTime(pid));
    }

    [Fact]
    public async Task Run_Child_HasDefaultSignalsAndNoFilesOfOurs()
    {
        using var file = File.OpenRead("/etc/passwd");
        var result = await _runner.RunAsync(new ProcessSpec("sh", "-c", "grep -E 'Sig(Ign|Blk)' /proc/self/status; ls /proc/self/fd | wc -l"), Timeout);
        var lines = result.Output.Split('\n');
        // The C library's own two (32 and 33) aside.
        Assert.All(lines[..2], line => Assert.Equal(0UL, Convert.ToUInt64(line.Split('\t')[1], 16) & 0x7fffffff));
        Assert.Equal("4", lines[2]);
    }

    [Theory]
    [InlineData("exit 9", 9)]
    [InlineData("kill -9 $$", 137)]
    public async Task Start_ChildEnds_IsReapedWithItsCode(string script, int code)
    {
        await using var child = _runner.Start(new ProcessSpec("sh", "-c", script));
        Assert.Equal(code, await child.Exited.WaitAsync(Timeout));
        Assert.False(child.Signal(0));
        Assert.False(Directory.Exists($"/proc/{child.Pid}"));
    }

    [Fact]
    public async Task Watch_ProcessThatIsNoChild_CompletesWhenItEnds()
    {
        var result = await _runner.RunAsync(new ProcessSpec("sh", "-c", "setsid sleep 600 </dev/null >/dev/null 2>&1 & echo $!"), Timeout);
        var pid = int.Parse(result.Output);
        var startTime = ProcessInfo.StartTime(pid);
        var wait = new ProcessWatcher(_events).WaitForExitAsync(pid, startTime, Timeout);
        Assert.False(wait.IsCompleted);
        Assert.True(Signals.Send(pid, startTime, Signals.Kill));
        await wait;
        Assert.False(Signals.Send(pid, startTime + 1, Signals.Kill));
        await new ProcessWatcher(_events).WaitForExitAsync(pid, startTime, Timeout);
    }

    [Theory]
    [InlineData("15", 15)]
    [InlineData("TERM", 15)]
    [InlineData("sigusr1", 10)]
    [InlineData("SIGRTMIN+3", 37)]
    [InlineData("SIGNOTHING", null)]
    [InlineData("", null)]
    [InlineData("0", null)]
    [InlineData("65", null)]
    public void Parse_NameOrNumber_GivesTheSignal(string text, int? signal) => Assert.Equal(signal, Signals.Parse(text));
}
