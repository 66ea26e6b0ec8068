using System.IO.Pipelines;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Coxswain.ApiServer.Http;

/// <summary>
/// Ends an answer whose client takes nothing for too long, be it a list or a watch: what waits to be sent would otherwise be held
/// for ever, and with a list the state of the store it was read from. Only this answer ends, not the others of its connection.
/// </summary>
internal sealed class StallGuard : PipeWriter, IHttpResponseBodyFeature
{
    private readonly HttpContext _context;
    private readonly IHttpResponseBodyFeature _inner;
    private readonly PipeWriter _writer;
    private readonly TimeSpan _patience;
    private readonly TimeProvider _time;
    private Stream? _stream;

    private StallGuard(HttpContext context, IHttpResponseBodyFeature inner, TimeSpan patience, TimeProvider time)
    {
        _context = context;
        _inner = inner;
        _writer = inner.Writer;
        _patience = patience;
        _time = time;
    }

    public Stream Stream => _stream ??= AsStream(leaveOpen: true);

    public PipeWriter Writer => this;

    public override bool CanGetUnflushedBytes => _writer.CanGetUnflushedBytes;

    public override long UnflushedBytes => _writer.UnflushedBytes;

    public static void Watch(HttpContext context, TimeSpan patience, TimeProvider time)
    {
        if (context.Features.Get<IHttpResponseBodyFeature>() is { } inner)
        {
            context.Features.Set<IHttpResponseBodyFeature>(new StallGuard(context, inner, patience, time));
        }
    }

    public override void Advance(int bytes) => _writer.Advance(bytes);

    public override Memory<byte> GetMemory(int sizeHint = 0) => _writer.GetMemory(sizeHint);

    public override Span<byte> GetSpan(int sizeHint = 0) => _writer.GetSpan(sizeHint);

    public override void CancelPendingFlush() => _writer.CancelPendingFlush();

    public override void Complete(Exception? exception = null) => _writer.Complete(exception);

    public override ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default)
    {
        var flush = _writer.FlushAsync(cancellationToken);
        return flush.IsCompleted ? flush : WaitAsync(flush);
    }

    public void DisableBuffering() => _inner.DisableBuffering();

    public Task StartAsync(CancellationToken cancellationToken = default) => _inner.StartAsync(cancellationToken);

    public Task SendFileAsync(string path, long offset, long? count, CancellationToken cancellationToken = default) =>
        _inner.SendFileAsync(path, offset, count, cancellationToken);

    public Task CompleteAsync() => _inner.CompleteAsync();

    private async ValueTask<FlushResult> WaitAsync(ValueTask<FlushResult> flush)
    {
        await using var timer = _time.CreateTimer(static context => ((HttpContext)context!).Abort(), _context, _patience, Timeout.InfiniteTimeSpan);
        return await flush;
    }
}
