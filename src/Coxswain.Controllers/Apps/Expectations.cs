using System.Collections.Concurrent;
using Coxswain.Client;

namespace Coxswain.Controllers.Apps;

/// <summary>
/// What a controller has asked for and its cache does not show yet. Until it does, the cache must not be counted: it
/// would have the controller create the same pods again.
/// </summary>
internal sealed class Expectations(TimeProvider time)
{
    /// <summary>A notification that never comes must not stop the controller for ever. As in Kubernetes.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);

    private readonly ConcurrentDictionary<NamespacedName, Expected> _expected = new();

    public bool AreMet(NamespacedName key)
    {
        if (!_expected.TryGetValue(key, out var expected))
        {
            return true;
        }

        lock (expected)
        {
            return (expected.Creations <= 0 && expected.Deletions.Count == 0) || time.GetUtcNow() - expected.Since > Patience;
        }
    }

    public void ExpectCreations(NamespacedName key, int count) =>
        _expected[key] = new Expected { Creations = count, Since = time.GetUtcNow() };

    public void ExpectDeletions(NamespacedName key, IEnumerable<string> uids) =>
        _expected[key] = new Expected { Deletions = [.. uids], Since = time.GetUtcNow() };

    /// <summary>A pod appeared, or its creation failed.</summary>
    public void CreationSettled(NamespacedName key)
    {
        if (_expected.TryGetValue(key, out var expected))
        {
            lock (expected)
            {
                expected.Creations--;
            }
        }
    }

    /// <summary>A pod is on its way out, or its deletion failed.</summary>
    public void DeletionSettled(NamespacedName key, string uid)
    {
        if (_expected.TryGetValue(key, out var expected))
        {
            lock (expected)
            {
                expected.Deletions.Remove(uid);
            }
        }
    }

    public void Forget(NamespacedName key) => _expected.TryRemove(key, out _);

    private sealed class Expected
    {
        public int Creations { get; set; }

        public HashSet<string> Deletions { get; init; } = [];

        public DateTimeOffset Since { get; init; }
    }
}
