using System.Collections.Immutable;
using Coxswain.Api;
using Coxswain.Api.Core.V1;

namespace Coxswain.Scheduler;

/// <summary>Amounts of resources: CPU in thousandths of a core, everything else in whole units.</summary>
public sealed record ResourceAmounts(long CpuMilli, long MemoryBytes, long EphemeralStorageBytes, ImmutableSortedDictionary<string, long> Extended)
{
    public static readonly ResourceAmounts Zero = new(0, 0, 0, ImmutableSortedDictionary<string, long>.Empty.WithComparers(StringComparer.Ordinal));

    public static ResourceAmounts operator +(ResourceAmounts left, ResourceAmounts right) => Combine(left, right, (a, b) => a + b);

    public static ResourceAmounts operator -(ResourceAmounts left, ResourceAmounts right) => Combine(left, right, (a, b) => a - b);

    public static ResourceAmounts Max(ResourceAmounts left, ResourceAmounts right) => Combine(left, right, Math.Max);

    public static ResourceAmounts Parse(IReadOnlyDictionary<string, Quantity> quantities)
    {
        var amounts = Zero;
        foreach (var (name, quantity) in quantities)
        {
            amounts = name switch
            {
                ResourceName.Cpu => amounts with { CpuMilli = quantity.MilliValue },
                ResourceName.Memory => amounts with { MemoryBytes = quantity.LongValue },
                ResourceName.EphemeralStorage => amounts with { EphemeralStorageBytes = quantity.LongValue },
                ResourceName.Pods => amounts,
                _ => amounts with { Extended = amounts.Extended.SetItem(name, quantity.LongValue) },
            };
        }

        return amounts;
    }

    /// <summary>
    /// What a node must have free for the pod: its containers together, or its most demanding init container with the
    /// sidecars started before it, whichever is more; and its overhead. Requests of the pod itself come before both.
    /// </summary>
    public static ResourceAmounts RequestedBy(PodSpec spec)
    {
        var containers = Zero;
        foreach (var container in spec.Containers)
        {
            containers += Parse(container.Resources.Requests);
        }

        var sidecars = Zero;
        var starting = Zero;
        foreach (var container in spec.InitContainers)
        {
            var requests = Parse(container.Resources.Requests);
            if (container.RestartPolicy == ContainerRestartPolicy.Always)
            {
                sidecars += requests;
                starting = Max(starting, sidecars);
            }
            else
            {
                starting = Max(starting, sidecars + requests);
            }
        }

        var total = Max(containers + sidecars, starting);
        if (spec.Resources is { Requests.Count: > 0 } ofPod)
        {
            var stated = Parse(ofPod.Requests);
            total = total with
            {
                CpuMilli = ofPod.Requests.ContainsKey(ResourceName.Cpu) ? stated.CpuMilli : total.CpuMilli,
                MemoryBytes = ofPod.Requests.ContainsKey(ResourceName.Memory) ? stated.MemoryBytes : total.MemoryBytes,
            };
        }

        return spec.Overhead.Count == 0 ? total : total + Parse(spec.Overhead);
    }

    private static ResourceAmounts Combine(ResourceAmounts left, ResourceAmounts right, Func<long, long, long> combine)
    {
        var extended = left.Extended;
        foreach (var (name, amount) in right.Extended)
        {
            extended = extended.SetItem(name, combine(extended.GetValueOrDefault(name), amount));
        }

        return new ResourceAmounts(
            combine(left.CpuMilli, right.CpuMilli),
            combine(left.MemoryBytes, right.MemoryBytes),
            combine(left.EphemeralStorageBytes, right.EphemeralStorageBytes),
            extended);
    }
}
