namespace Coxswain.Scheduler.Scores;

/// <summary>Scores over CPU and memory.</summary>
internal static class ResourceScores
{
    /// <summary>What a pod without requests is taken to use, so that such pods spread too: Kubernetes' own figures.</summary>
    private const long AssumedCpuMilli = 100;
    private const long AssumedMemoryBytes = 200L << 20;

    /// <summary>The freer the node would be, the better.</summary>
    public static NodeScore? LeastAllocated(ScheduledPod pod, ClusterSnapshot snapshot, IReadOnlyList<NodeInfo> feasible) => node =>
    {
        var (cpu, memory) = Fractions(pod, node);
        return 100 * ((1 - cpu) + (1 - memory)) / 2;
    };

    /// <summary>The more evenly CPU and memory would be used, the better.</summary>
    public static NodeScore? Balanced(ScheduledPod pod, ClusterSnapshot snapshot, IReadOnlyList<NodeInfo> feasible) => node =>
    {
        var (cpu, memory) = Fractions(pod, node);
        return 100 * (1 - (Math.Abs(cpu - memory) / 2));
    };

    private static (double Cpu, double Memory) Fractions(ScheduledPod pod, NodeInfo node)
    {
        long cpu = Cpu(pod), memory = Memory(pod);
        foreach (var other in node.Pods.Values)
        {
            cpu += Cpu(other);
            memory += Memory(other);
        }

        return (Fraction(cpu, node.Allocatable.CpuMilli), Fraction(memory, node.Allocatable.MemoryBytes));
    }

    private static long Cpu(ScheduledPod pod) => pod.Requests.CpuMilli > 0 ? pod.Requests.CpuMilli : AssumedCpuMilli;

    private static long Memory(ScheduledPod pod) => pod.Requests.MemoryBytes > 0 ? pod.Requests.MemoryBytes : AssumedMemoryBytes;

    private static double Fraction(long used, long allocatable) => allocatable <= 0 ? 1 : Math.Min(1, (double)used / allocatable);
}
