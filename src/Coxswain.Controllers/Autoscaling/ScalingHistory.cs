namespace Coxswain.Controllers.Autoscaling;

/// <summary>What was recommended and done of late for one autoscaler. Guarded by the queue, which has a key with one worker.</summary>
internal sealed class ScalingHistory
{
    /// <summary>The longest window or period that a behavior may name.</summary>
    private static readonly TimeSpan Longest = TimeSpan.FromHours(1);

    /// <summary>One in fifteen seconds for an hour, and those that changes in between add.</summary>
    private const int MaxEntries = 1000;

    private readonly List<(DateTimeOffset At, int Replicas)> _recommended = [];
    private readonly List<(DateTimeOffset At, int Change)> _changes = [];

    public void Recommend(int replicas, DateTimeOffset now) => Add(_recommended, (now, replicas), now);

    public void Changed(int change, DateTimeOffset now) => Add(_changes, (now, change), now);

    public IEnumerable<int> RecommendedSince(DateTimeOffset since) => _recommended.Where(item => item.At > since).Select(item => item.Replicas);

    public int AddedSince(DateTimeOffset since) => _changes.Where(item => item.At > since && item.Change > 0).Sum(item => item.Change);

    public int RemovedSince(DateTimeOffset since) => _changes.Where(item => item.At > since && item.Change < 0).Sum(item => -item.Change);

    private static void Add(List<(DateTimeOffset At, int Value)> list, (DateTimeOffset At, int Value) item, DateTimeOffset now)
    {
        list.RemoveAll(old => old.At < now - Longest);
        if (list.Count == MaxEntries)
        {
            list.RemoveAt(0);
        }

        list.Add(item);
    }
}
