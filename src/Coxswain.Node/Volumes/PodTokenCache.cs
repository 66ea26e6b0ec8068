using Coxswain.Api.Core.V1;
using Coxswain.Node.Objects;

namespace Coxswain.Node.Volumes;

/// <summary>The tokens of one pod, each renewed when four fifths of its life (or a day) have passed, as the kubelet does.</summary>
internal sealed class PodTokenCache(IPodTokens tokens, TimeProvider time)
{
    private const double RenewAfter = 0.8;
    private static readonly TimeSpan Longest = TimeSpan.FromHours(24);

    /// <summary>Also for a token that has expired as it comes, by a clock that is not the server's: it is not asked for without end.</summary>
    private static readonly TimeSpan Shortest = TimeSpan.FromMinutes(1);

    private readonly Dictionary<ServiceAccountTokenProjection, Entry> _entries = [];

    /// <summary>When the first of them wants to be renewed; null when there are none.</summary>
    public DateTimeOffset? RenewAt => _entries.Count == 0 ? null : _entries.Values.Min(entry => entry.RenewAt);

    /// <summary>Not for concurrent use: a pod's volumes are set up one after another.</summary>
    public async Task<string> GetAsync(Pod pod, ServiceAccountTokenProjection projection, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        if (_entries.TryGetValue(projection, out var known) && now < known.RenewAt)
        {
            return known.Token;
        }

        var status = await tokens.RequestAsync(pod, projection, cancellationToken);
        var life = (status.ExpirationTimestamp ?? now + TimeSpan.FromHours(1)) - now;
        var wait = TimeSpan.FromTicks(Math.Clamp((long)(life.Ticks * RenewAfter), Shortest.Ticks, Longest.Ticks));
        _entries[projection] = new Entry(status.Token, now + wait);
        return status.Token;
    }

    private sealed record Entry(string Token, DateTimeOffset RenewAt);
}
