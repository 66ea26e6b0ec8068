using System.Collections.Concurrent;
using System.Globalization;
using Coxswain.Api.Batch.V1;

namespace Coxswain.Controllers.Batch;

/// <summary>
/// What was last written of each Job. A cache that is behind it must not be counted from: the pods whose end that write
/// has taken note of may be gone from the other cache already.
/// </summary>
internal sealed class JobVersions
{
    // One entry for each Job that the cache holds.
    private readonly ConcurrentDictionary<string, long> _written = new(StringComparer.Ordinal);

    public void Remember(Job job) => _written[job.Metadata.Uid] = NumberOf(job);

    public bool IsBehind(Job cached) => _written.TryGetValue(cached.Metadata.Uid, out var written) && NumberOf(cached) < written;

    public void Forget(string uid) => _written.TryRemove(uid, out _);

    /// <summary>Versions of one resource are numbers that grow, which Kubernetes promises since 1.35.</summary>
    private static long NumberOf(Job job) =>
        long.TryParse(job.Metadata.ResourceVersion, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : 0;
}
