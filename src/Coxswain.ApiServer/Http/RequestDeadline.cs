using Microsoft.AspNetCore.Http;

namespace Coxswain.ApiServer.Http;

/// <summary>
/// Bounds a request in time, from its headers to the last byte of its answer: a body that never comes and an answer nobody takes
/// both end here. Through <see cref="HttpContext.RequestAborted"/>, which everything that waits is given anyway.
/// </summary>
internal sealed class RequestDeadline : IDisposable
{
    private readonly HttpContext _context;
    private readonly CancellationToken _aborted;
    private readonly CancellationTokenSource _due;
    private readonly CancellationTokenSource _either;

    public RequestDeadline(HttpContext context, TimeSpan timeout, TimeProvider time)
    {
        _context = context;
        _aborted = context.RequestAborted;
        _due = new CancellationTokenSource(timeout, time);
        _either = CancellationTokenSource.CreateLinkedTokenSource(_aborted, _due.Token);
        context.RequestAborted = _either.Token;
    }

    /// <summary>Whether the time is over while the client is still there; it can be answered from then on.</summary>
    public bool TryEnd()
    {
        if (!_due.IsCancellationRequested || _aborted.IsCancellationRequested)
        {
            return false;
        }

        _context.RequestAborted = _aborted;
        return true;
    }

    public void Dispose()
    {
        _context.RequestAborted = _aborted;
        _either.Dispose();
        _due.Dispose();
    }
}
