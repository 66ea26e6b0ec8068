using System.IO.Pipelines;
using Coxswain.Node.Runtime;

namespace Coxswain.Node.Streaming.Commands;

/// <summary>Joins a client's streams to a process: one of its own (exec), or a container's first (attach).</summary>
internal static class CommandSession
{
    private const int BufferBytes = 64 * 1024;

    /// <summary>Runs to the end of the process, or until the client is gone, which ends the process.</summary>
    public static async Task ExecAsync(
        ICommandStreams streams, CommandOptions options, IPodRuntime runtime, string containerId, IReadOnlyList<string> command,
        CancellationToken cancellationToken)
    {
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, streams.Gone);
        try
        {
            var code = await ExecAsync(streams, await runtime.ExecAsync(
                containerId, new ExecRequest(command, options.Stdin, options.Tty), ending.Token), options, ending.Token);
            await streams.FinishAsync(CommandStatus.Ended(code), cancellationToken);
        }
        catch (RuntimeException exception)
        {
            await streams.FinishAsync(CommandStatus.Failed($"error executing command in container: {exception.Message}"), cancellationToken);
        }
    }

    /// <summary>Runs until the container ends its output, or the client is gone, which ends nothing but what it sent.</summary>
    public static async Task AttachAsync(
        ICommandStreams streams, CommandOptions options, IPodRuntime runtime, string containerId, CancellationToken cancellationToken)
    {
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, streams.Gone);
        try
        {
            await using var attach = await runtime.AttachAsync(containerId, ending.Token);
            using var over = CancellationTokenSource.CreateLinkedTokenSource(ending.Token);
            var input = CopyInputAsync(streams.Input, attach.WriteAsync, () => attach.CloseInputAsync(over.Token), over.Token);
            var sizes = CopySizesAsync(streams, attach.ResizeAsync, over.Token);
            try
            {
                while (await attach.ReadAsync(ending.Token) is { } output)
                {
                    await streams.WriteAsync(output.IsError && !options.Tty, output.Data, ending.Token);
                }
            }
            finally
            {
                await over.CancelAsync();
                await Task.WhenAll(input, sizes);
            }

            await streams.FinishAsync(CommandStatus.Ended(0), cancellationToken);
        }
        catch (RuntimeException exception)
        {
            await streams.FinishAsync(CommandStatus.Failed($"error attaching to container: {exception.Message}"), cancellationToken);
        }
    }

    private static async Task<int> ExecAsync(
        ICommandStreams streams, IRuntimeExec exec, CommandOptions options, CancellationToken cancellationToken)
    {
        await using var _ = exec;
        using var over = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        // A terminal has one stream for both ways: ending what is sent would end what is received.
        var input = exec.Input is { } target
            ? CopyInputAsync(streams.Input, target.WriteAsync, options.Tty ? () => default : target.DisposeAsync, over.Token)
            : Task.CompletedTask;
        var sizes = CopySizesAsync(streams, exec.ResizeAsync, over.Token);
        try
        {
            await Task.WhenAll(
                CopyOutputAsync(exec.Output, streams, isError: false, cancellationToken),
                exec.Error is { } error ? CopyOutputAsync(error, streams, isError: true, cancellationToken) : Task.CompletedTask);
            return await exec.Exited.WaitAsync(cancellationToken);
        }
        finally
        {
            await over.CancelAsync();
            if (!options.Tty && exec.Input is { } stuck)
            {
                // A write into a full pipe that nobody reads does not heed its token.
                await stuck.DisposeAsync();
            }

            await Task.WhenAll(input, sizes);
        }
    }

    private static async Task CopyOutputAsync(Stream from, ICommandStreams to, bool isError, CancellationToken cancellationToken)
    {
        var buffer = new byte[BufferBytes];
        while (await from.ReadAsync(buffer, cancellationToken) is > 0 and var count)
        {
            await to.WriteAsync(isError, buffer.AsMemory(0, count), cancellationToken);
        }
    }

    /// <summary>Copies until the client ends its input, which is passed on, or nobody reads it any more: the rest is then passed over.</summary>
    private static async Task CopyInputAsync(
        PipeReader? from, Func<ReadOnlyMemory<byte>, CancellationToken, ValueTask> write, Func<ValueTask> end, CancellationToken cancellationToken)
    {
        if (from is null)
        {
            return;
        }

        try
        {
            while (true)
            {
                var result = await from.ReadAsync(cancellationToken);
                foreach (var piece in result.Buffer)
                {
                    await write(piece, cancellationToken);
                }

                from.AdvanceTo(result.Buffer.End);
                if (result.IsCompleted)
                {
                    await end();
                    return;
                }
            }
        }
        catch (Exception exception) when (exception is IOException or OperationCanceledException or ObjectDisposedException or RuntimeException)
        {
            // The process reads no more, or the client is gone.
        }
        finally
        {
            await from.CompleteAsync();
        }
    }

    private static async Task CopySizesAsync(
        ICommandStreams streams, Func<int, int, CancellationToken, Task> resize, CancellationToken cancellationToken)
    {
        try
        {
            await foreach (var size in streams.Sizes.ReadAllAsync(cancellationToken))
            {
                await resize(size.Width, size.Height, cancellationToken);
            }
        }
        catch (Exception exception) when (exception is OperationCanceledException or RuntimeException)
        {
            // It is over, and with it its terminal.
        }
    }
}
