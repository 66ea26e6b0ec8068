namespace Coxswain.Network.Proxy;

/// <summary>Numbers the endpoints of a port from 0, so that a random number names one.</summary>
internal static class EndpointSlots
{
    /// <summary>
    /// Places <paramref name="endpoints"/> so that as few as possible change their slot: those that stay keep theirs, new
    /// ones fill the gaps, and gaps that are left are filled from the end.
    /// </summary>
    /// <param name="previous">The assignment before; empty for the first.</param>
    /// <param name="endpoints">Sorted and distinct.</param>
    public static IReadOnlyList<string> Assign(IReadOnlyList<string> previous, IReadOnlyList<string> endpoints)
    {
        if (previous.Count == 0 || previous.SequenceEqual(endpoints))
        {
            return endpoints;
        }

        var incoming = new HashSet<string>(endpoints, StringComparer.Ordinal);
        var slots = new List<string?>(previous.Count);
        foreach (var endpoint in previous)
        {
            slots.Add(incoming.Remove(endpoint) ? endpoint : null);
        }

        var gap = 0;
        foreach (var endpoint in endpoints)
        {
            if (!incoming.Contains(endpoint))
            {
                continue;
            }

            gap = NextGap(slots, gap);
            if (gap == slots.Count)
            {
                slots.Add(null);
            }

            slots[gap] = endpoint;
        }

        Compact(slots, gap);
        return [.. slots.OfType<string>()];
    }

    private static void Compact(List<string?> slots, int gap)
    {
        while ((gap = NextGap(slots, gap)) < slots.Count)
        {
            slots[gap] = slots[^1];
            slots.RemoveAt(slots.Count - 1);
        }
    }

    private static int NextGap(List<string?> slots, int from)
    {
        while (from < slots.Count && slots[from] is not null)
        {
            from++;
        }

        return from;
    }
}
