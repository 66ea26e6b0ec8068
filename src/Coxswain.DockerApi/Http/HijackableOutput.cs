using System.IO.Pipelines;

namespace Coxswain.DockerApi.Http;

/// <summary>What the web server writes into: the connection, until it is taken away; from then on nowhere.</summary>
internal sealed class HijackableOutput(PipeWriter target) : PipeWriter
{
    private readonly byte[] _nowhere = new byte[4096];
    private volatile bool _hijacked;

    public PipeWriter Target => target;

    public void Hijack() => _hijacked = true;

    public override bool CanGetUnflushedBytes => true;

    public override long UnflushedBytes => _hijacked ? 0 : target.UnflushedBytes;

    public override void Advance(int bytes)
    {
        if (!_hijacked)
        {
            target.Advance(bytes);
        }
    }

    public override Memory<byte> GetMemory(int sizeHint = 0) =>
        !_hijacked ? target.GetMemory(sizeHint) : sizeHint > _nowhere.Length ? new byte[sizeHint] : _nowhere;

    public override Span<byte> GetSpan(int sizeHint = 0) => GetMemory(sizeHint).Span;

    public override ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default) =>
        _hijacked ? ValueTask.FromResult(new FlushResult(isCanceled: false, isCompleted: false)) : target.FlushAsync(cancellationToken);

    public override void CancelPendingFlush()
    {
        if (!_hijacked)
        {
            target.CancelPendingFlush();
        }
    }

    public override void Complete(Exception? exception = null)
    {
        if (!_hijacked)
        {
            target.Complete(exception);
        }
    }
}
