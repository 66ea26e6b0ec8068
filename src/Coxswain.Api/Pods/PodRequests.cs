using Coxswain.Api.Core.V1;
using Coxswain.Api.Scalars;

namespace Coxswain.Api.Pods;

/// <summary>
/// What a pod asks for as a whole, the one computation that scheduler, node and quota share: its containers together
/// with the sidecars, or the most that is needed at once while it starts, whichever is more; what the pod itself
/// states comes before its containers; its overhead comes on top.
/// </summary>
public static class PodRequests
{
    /// <summary>The resources that may be stated for the pod as a whole.</summary>
    private static readonly string[] PodLevelResources = [ResourceName.Cpu, ResourceName.Memory];

    public static IReadOnlyDictionary<string, Quantity> Of(PodSpec spec)
    {
        var total = Aggregate(spec, container => container.Resources.Requests);
        State(total, spec.Resources?.Requests);
        AddTo(total, spec.Overhead);
        return total;
    }

    /// <summary>The same for limits. Overhead is added only where there is a limit: it makes none.</summary>
    public static IReadOnlyDictionary<string, Quantity> LimitsOf(PodSpec spec)
    {
        var total = Aggregate(spec, container => container.Resources.Limits);
        State(total, spec.Resources?.Limits);
        foreach (var (name, amount) in spec.Overhead)
        {
            if (total.TryGetValue(name, out var limit) && !limit.IsZero)
            {
                total[name] = limit + amount;
            }
        }

        return total;
    }

    /// <summary>One resource; zero when it is not asked for.</summary>
    public static Quantity Of(PodSpec spec, string resource) => Of(spec).GetValueOrDefault(resource);

    private static Dictionary<string,
        Quantity> Aggregate(PodSpec spec, Func<Container, IReadOnlyDictionary<string, Quantity>> amounts)
    {
        var total = new Dictionary<string, Quantity>(StringComparer.Ordinal);
        foreach (var container in spec.Containers)
        {
            AddTo(total, amounts(container));
        }

        if (spec.InitContainers.Count == 0)
        {
            return total;
        }

        // A sidecar stays while the init containers after it run, and beside the containers later.
        var sidecars = new Dictionary<string, Quantity>(StringComparer.Ordinal);
        var starting = new Dictionary<string, Quantity>(StringComparer.Ordinal);
        foreach (var container in spec.InitContainers)
        {
            if (container.RestartPolicy == ContainerRestartPolicy.Always)
            {
                AddTo(sidecars, amounts(container));
                AddTo(total, amounts(container));
                TakeMax(starting, sidecars);
            }
            else
            {
                var once = new Dictionary<string, Quantity>(sidecars, StringComparer.Ordinal);
                AddTo(once, amounts(container));
                TakeMax(starting, once);
            }
        }

        TakeMax(total, starting);
        return total;
    }

    private static void State(Dictionary<string, Quantity> total, IReadOnlyDictionary<string, Quantity>? stated)
    {
        foreach (var (name, amount) in stated ?? new Dictionary<string, Quantity>())
        {
            if (PodLevelResources.Contains(name) || name.StartsWith("hugepages-", StringComparison.Ordinal))
            {
                total[name] = amount;
            }
        }
    }

    private static void AddTo(Dictionary<string, Quantity> total, IReadOnlyDictionary<string, Quantity> amounts)
    {
        foreach (var (name, amount) in amounts)
        {
            total[name] = total.TryGetValue(name, out var sum) ? sum + amount : amount;
        }
    }

    private static void TakeMax(Dictionary<string, Quantity> total, IReadOnlyDictionary<string, Quantity> amounts)
    {
        foreach (var (name, amount) in amounts)
        {
            if (!total.TryGetValue(name, out var known) || known < amount)
            {
                total[name] = amount;
            }
        }
    }
}
