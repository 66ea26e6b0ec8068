namespace Coxswain.Node.Eviction;

/// <summary>What the node is, or lately was, short of. A pressure is told until it was not seen for the transition period.</summary>
internal sealed class NodePressure(TimeSpan transitionPeriod, TimeProvider time)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<PressureKind, DateTimeOffset> _lastSeen = [];

    public void Observe(IReadOnlyList<Shortage> shortages)
    {
        lock (_lock)
        {
            foreach (var shortage in shortages)
            {
                _lastSeen[shortage.Kind] = time.GetUtcNow();
            }
        }
    }

    public bool Has(PressureKind kind)
    {
        lock (_lock)
        {
            return _lastSeen.TryGetValue(kind, out var seen) && time.GetUtcNow() - seen < transitionPeriod;
        }
    }
}
