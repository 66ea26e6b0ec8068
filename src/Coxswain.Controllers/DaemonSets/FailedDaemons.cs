using System.Collections.Concurrent;
using Coxswain.Client.WorkQueues;

namespace Coxswain.Controllers.DaemonSets;

/// <summary>How soon a DaemonSet's failed pods are replaced again, by its uid.</summary>
internal sealed class FailedDaemons(TimeProvider time)
{
    private static readonly BackOff Waits = new(TimeSpan.FromSeconds(1), TimeSpan.FromMinutes(15));

    // One entry for each DaemonSet that has had a failed pod.
    private readonly ConcurrentDictionary<string, Failure> _failures = new(StringComparer.Ordinal);

    /// <summary>Whether the wait is over; if so, the next one begins, twice as long unless all was well for long.</summary>
    public bool MayReplace(string uid)
    {
        var known = _failures.GetValueOrDefault(uid);
        if (known is not null && time.GetElapsedTime(known.At) is var passed)
        {
            if (passed < Waits.After(known.Count))
            {
                return false;
            }

            known = passed > Waits.After(known.Count) * 4 + TimeSpan.FromMinutes(1) ? null : known;
        }

        _failures[uid] = new Failure((known?.Count ?? -1) + 1, time.GetTimestamp());
        return true;
    }

    /// <summary>What is left to wait.</summary>
    public TimeSpan? Wait(string uid) =>
        _failures.TryGetValue(uid, out var known) && Waits.After(known.Count) - time.GetElapsedTime(known.At) is var left && left > TimeSpan.Zero ? left : null;

    public void Forget(string uid) => _failures.TryRemove(uid, out _);

    private sealed record Failure(int Count, long At);
}
