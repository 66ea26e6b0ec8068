using Coxswain.Api.Errors;

namespace Coxswain.ApiServer.Http;

/// <summary>How many requests run at once. What lasts by its nature (watches, logs, commands) does not count.</summary>
internal sealed class RequestLimits(int mostReading, int mostWriting)
{
    private const int RetryAfterSeconds = 1;

    private readonly int[] _running = new int[2];

    /// <exception cref="KubeStatusException">There are too many.</exception>
    public Slot Enter(bool writes)
    {
        ref var running = ref _running[writes ? 1 : 0];
        if (Interlocked.Increment(ref running) <= (writes ? mostWriting : mostReading))
        {
            return new Slot(this, writes);
        }

        Interlocked.Decrement(ref running);
        throw new KubeStatusException(Statuses.TooManyRequests("too many requests, please try again later", RetryAfterSeconds));
    }

    /// <summary>A request that runs; the default one does not count.</summary>
    internal readonly struct Slot(RequestLimits? limits, bool writes) : IDisposable
    {
        public void Dispose()
        {
            if (limits is not null)
            {
                Interlocked.Decrement(ref limits._running[writes ? 1 : 0]);
            }
        }
    }
}
