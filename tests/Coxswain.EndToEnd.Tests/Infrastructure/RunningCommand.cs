using System.Diagnostics;
using System.Threading.Channels;

namespace Coxswain.EndToEnd.Tests.Infrastructure;

/// <summary>A command that is still running, such as <c>kubectl logs -f</c>.</summary>
public sealed class RunningCommand : IAsyncDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);
    private readonly Channel<string> _lines = Channel.CreateUnbounded<string>();
    private readonly Process _process;

    public RunningCommand(ProcessStartInfo info)
    {
        _process = new Process { StartInfo = info };
        _process.OutputDataReceived += (_, line) =>
        {
            if (line.Data is null)
            {
                _lines.Writer.TryComplete();
            }
            else
            {
                _lines.Writer.TryWrite(line.Data);
            }
        };
        _process.Start();
        _process.BeginOutputReadLine();
    }

    /// <summary>Waits for the next line for which the condition holds.</summary>
    public async Task<string> WaitForLineAsync(Func<string, bool> condition)
    {
        var seen = new List<string>();
        using var limit = new CancellationTokenSource(Limit);
        try
        {
            await foreach (var line in _lines.Reader.ReadAllAsync(limit.Token))
            {
                seen.Add(line);
                if (condition(line))
                {
                    return line;
                }
            }
        }
        catch (OperationCanceledException)
        {
            // Told below, with what was seen.
        }

        throw new Xunit.Sdk.XunitException($"the awaited line did not come; seen:\n{string.Join('\n', seen)}");
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            _process.Kill(entireProcessTree: true);
        }

        await _process.WaitForExitAsync();
        _process.Dispose();
    }
}
