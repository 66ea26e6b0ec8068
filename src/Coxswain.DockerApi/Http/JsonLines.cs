using System.Text.Json;
using System.Threading.Channels;
using Coxswain.DockerApi.Wire;
using Microsoft.AspNetCore.Http;

namespace Coxswain.DockerApi.Http;

/// <summary>
/// The progress of long work as lines of JSON. Reports come from callbacks that cannot wait, so they go through a queue; the
/// answer begins with the first of them, and what fails before it still has a status code of its own.
/// </summary>
internal sealed class JsonLines(HttpContext context) : IAsyncDisposable
{
    /// <summary>Reports beyond that wait for the client to read.</summary>
    private const int MostQueued = 10_000;

    private readonly Channel<ProgressMessage> _queue = Channel.CreateBounded<ProgressMessage>(
        new BoundedChannelOptions(MostQueued) { FullMode = BoundedChannelFullMode.DropWrite });

    private Task? _writing;

    public bool Begun => _writing is not null;

    public void Write(ProgressMessage message)
    {
        _writing ??= WriteAsync();
        _queue.Writer.TryWrite(message);
    }

    /// <summary>Runs the work and tells its failure the way that is still possible.</summary>
    public async Task RunAsync(Func<Task> work)
    {
        try
        {
            await work();
        }
        catch (Exception exception) when (Begun && !context.RequestAborted.IsCancellationRequested)
        {
            var (status, message) = Answers.Describe(exception);
            Write(new ProgressMessage { Error = message, ErrorDetail = new ProgressError(status, message) });
        }
    }

    public async ValueTask DisposeAsync()
    {
        _queue.Writer.TryComplete();
        if (_writing is { } writing)
        {
            await writing;
        }
    }

    private async Task WriteAsync()
    {
        await Task.Yield();
        context.Response.ContentType = "application/json";
        try
        {
            while (await _queue.Reader.WaitToReadAsync(context.RequestAborted))
            {
                while (_queue.Reader.TryRead(out var message))
                {
                    await context.Response.Body.WriteAsync(
                        JsonSerializer.SerializeToUtf8Bytes(message, WireJson.Default.ProgressMessage), context.RequestAborted);
                    await context.Response.Body.WriteAsync("\r\n"u8.ToArray(), context.RequestAborted);
                }

                await context.Response.Body.FlushAsync(context.RequestAborted);
            }
        }
        catch (Exception exception) when (exception is OperationCanceledException or IOException)
        {
            // The client has gone; the work hears of it by the request's token.
        }
    }
}
