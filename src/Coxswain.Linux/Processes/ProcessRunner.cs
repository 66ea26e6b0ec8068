using System.Text;

namespace Coxswain.Linux.Processes;

/// <summary>Spawns real processes.</summary>
public sealed class ProcessRunner(KernelEvents events) : IProcessRunner
{
    private const int ErrorTailLines = 8;

    public IChildProcess Start(ProcessSpec spec) => ChildProcess.Start(spec, events);

    public async Task<ProcessResult> RunAsync(ProcessSpec spec, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var streams = ProcessStreams.Output | ProcessStreams.Error;
        var child = ChildProcess.Start(
            spec with { Streams = spec.Input is null ? streams : streams | ProcessStreams.Input }, events);
        await using (child)
        {
            // The kill ends the reads below, so nothing is left behind whichever way this returns.
            using var kill = cancellationToken.Register(() => child.Signal(Signals.Kill));
            var output = new OutputTail(child.Output!, spec.CaptureBytes, spec.OnOutputLine); // Asked for above.
            var error = new OutputTail(child.Error!, spec.CaptureBytes, spec.OnOutputLine); // Asked for above.
            var reading = Task.WhenAll(output.ReadToEndAsync(cancellationToken), error.ReadToEndAsync(cancellationToken));
            if (spec.Input is { } input)
            {
                await FeedAsync(child.Input!, input, cancellationToken); // Asked for above.
            }

            var code = await child.Exited;
            cancellationToken.ThrowIfCancellationRequested();
            await reading;
            return code == 0
                ? new ProcessResult(output.Text, error.Text)
                : throw new ProcessFailedException(Describe(spec), code, LastLines(error.Text, output.Text));
        }
    }

    private static async Task FeedAsync(Stream stream, ReadOnlyMemory<byte> input, CancellationToken cancellationToken)
    {
        try
        {
            await stream.WriteAsync(input, cancellationToken);
        }
        catch (IOException)
        {
            // It did not read its input to the end; its exit code says whether that was a failure.
        }
        finally
        {
            await stream.DisposeAsync();
        }
    }

    private static string Describe(ProcessSpec spec)
    {
        const int Most = 200;
        var text = new StringBuilder(spec.FileName);
        foreach (var argument in spec.Arguments)
        {
            text.Append(' ').Append(argument);
            if (text.Length > Most)
            {
                return text.ToString(0, Most) + " ...";
            }
        }

        return text.ToString();
    }

    private static string LastLines(string error, string output)
    {
        var text = error.AsSpan().Trim().Length > 0 ? error : output;
        var lines = text.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        return string.Join('\n', lines.TakeLast(ErrorTailLines));
    }
}
