using System.Collections.Concurrent;

namespace Coxswain.Controllers.Pods;

/// <summary>
/// What a controller has asked for and its cache does not show yet, by the owner's uid: one that was made anew under the
/// same name owes nothing. Until it does, the cache must not be counted: it would have the controller create the same
/// pods again.
/// </summary>
internal sealed class Expectations(TimeProvider time)
{
    /// <summary>A notification that never comes must not stop the controller for ever. As in Kubernetes.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);

    private readonly ConcurrentDictionary<string, Expected> _expected = new(StringComparer.Ordinal);

    public bool AreMet(string owner)
    {
        if (!_expected.TryGetValue(owner, out var expected))
        {
            return true;
        }

        lock (expected)
        {
            return (expected.Creations <= 0 && expected.Deletions.Count == 0) || time.GetElapsedTime(expected.Since) > Patience;
        }
    }

    public void ExpectCreations(string owner, int count) =>
        _expected[owner] = new Expected { Creations = count, Since = time.GetTimestamp() };

    public void ExpectDeletions(string owner, IEnumerable<string> uids) =>
        _expected[owner] = new Expected { Deletions = [.. uids], Since = time.GetTimestamp() };

    /// <summary>Both at once, in place of what was expected before.</summary>
    public void Expect(string owner, int creations, IEnumerable<string> deletions) =>
        _expected[owner] = new Expected { Creations = creations, Deletions = [.. deletions], Since = time.GetTimestamp() };

    /// <summary>A pod appeared, or its creation failed.</summary>
    public void CreationSettled(string owner)
    {
        if (_expected.TryGetValue(owner, out var expected))
        {
            lock (expected)
            {
                expected.Creations--;
            }
        }
    }

    /// <summary>A pod is on its way out, or its deletion failed.</summary>
    public void DeletionSettled(string owner, string uid)
    {
        if (_expected.TryGetValue(owner, out var expected))
        {
            lock (expected)
            {
                expected.Deletions.Remove(uid);
            }
        }
    }

    public void Forget(string owner) => _expected.TryRemove(owner, out _);

    private sealed class Expected
    {
        public int Creations { get; set; }

        public HashSet<string> Deletions { get; init; } = [];

        public long Since { get; init; }
    }
}
