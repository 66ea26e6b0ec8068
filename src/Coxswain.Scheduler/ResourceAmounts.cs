using System.Collections.Immutable;
using Coxswain.Api.Core.V1;
using Coxswain.Api.Pods;
using Coxswain.Api.Scalars;

namespace Coxswain.Scheduler;

/// <summary>Amounts of resources: CPU in thousandths of a core, everything else in whole units.</summary>
public sealed record ResourceAmounts(long CpuMilli, long MemoryBytes, long EphemeralStorageBytes, ImmutableSortedDictionary<string, long> Extended)
{
    public static readonly ResourceAmounts Zero = new(0, 0, 0, ImmutableSortedDictionary<string, long>.Empty.WithComparers(StringComparer.Ordinal));

    public static ResourceAmounts operator +(ResourceAmounts left, ResourceAmounts right) => Combine(left, right, (a, b) => a + b);

    public static ResourceAmounts operator -(ResourceAmounts left, ResourceAmounts right) => Combine(left, right, (a, b) => a - b);

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

    /// <summary>What a node must have free for the pod.</summary>
    public static ResourceAmounts RequestedBy(PodSpec spec) => Parse(PodRequests.Of(spec));

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
