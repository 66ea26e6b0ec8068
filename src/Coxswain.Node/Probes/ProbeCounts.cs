namespace Coxswain.Node.Probes;

/// <summary>How the probes of each container went so far.</summary>
internal sealed class ProbeCounts
{
    private readonly Lock _lock = new();

    /// <summary>Of the containers there are: <see cref="Read"/> forgets the others.</summary>
    private readonly Dictionary<string, Dictionary<(ProbeKind Kind, string Result), long>> _counts = new(StringComparer.Ordinal);

    /// <summary>So many containers may be in it before one that is gone is forgotten.</summary>
    public const int MostContainers = 16 * 1024;

    /// <param name="outcome">Null when the probe could not be run.</param>
    public void Add(string containerId, ProbeKind kind, ProbeOutcome? outcome)
    {
        var result = outcome switch { ProbeOutcome.Success => "successful", null => "unknown", _ => "failed" };
        lock (_lock)
        {
            if (!_counts.TryGetValue(containerId, out var counts))
            {
                if (_counts.Count >= MostContainers)
                {
                    _counts.Clear();
                }

                _counts[containerId] = counts = [];
            }

            counts[(kind, result)] = counts.GetValueOrDefault((kind, result)) + 1;
        }
    }

    /// <summary>What was counted for some containers; all others are forgotten.</summary>
    public IReadOnlyDictionary<string, IReadOnlyList<(ProbeKind Kind, string Result, long Count)>> Read(IReadOnlySet<string> containerIds)
    {
        lock (_lock)
        {
            foreach (var gone in _counts.Keys.Where(id => !containerIds.Contains(id)).ToList())
            {
                _counts.Remove(gone);
            }

            return _counts.ToDictionary(
                entry => entry.Key,
                entry => (IReadOnlyList<(ProbeKind, string, long)>)[.. entry.Value.OrderBy(count => count.Key.Kind)
                    .ThenBy(count => count.Key.Result, StringComparer.Ordinal).Select(count => (count.Key.Kind, count.Key.Result, count.Value))],
                StringComparer.Ordinal);
        }
    }
}
