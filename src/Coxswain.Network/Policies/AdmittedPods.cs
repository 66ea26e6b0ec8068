namespace Coxswain.Network.Policies;

/// <summary>
/// The addresses of pods by UID from the moment they have one, which is before their status says so and before anything in
/// them runs. As many as there are sandboxes on the node.
/// </summary>
internal sealed class AdmittedPods
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, string> _addresses = new(StringComparer.Ordinal);

    public void Add(string uid, string address)
    {
        lock (_lock)
        {
            _addresses[uid] = address;
        }
    }

    public void Remove(string uid)
    {
        lock (_lock)
        {
            _addresses.Remove(uid);
        }
    }

    /// <summary>What is known at this moment.</summary>
    public IReadOnlyDictionary<string, string> Snapshot()
    {
        lock (_lock)
        {
            return new Dictionary<string, string>(_addresses, StringComparer.Ordinal);
        }
    }
}
