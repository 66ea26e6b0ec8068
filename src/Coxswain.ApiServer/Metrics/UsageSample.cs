namespace Coxswain.ApiServer.Metrics;

/// <summary>Whose use it is: a container's, or with nothing but <see cref="Node"/> a node's.</summary>
internal readonly record struct UsageKey(string Node, string Namespace = "", string Pod = "", string Container = "");

/// <summary>A counter of processor time and the memory in use, as a node told them.</summary>
/// <param name="StartedAt">When the counter began; null when that was not told.</param>
internal sealed record UsageSample(DateTimeOffset At, double CpuSeconds, double MemoryBytes, DateTimeOffset? StartedAt);

/// <summary>What was used of a processor between two samples.</summary>
internal sealed record Usage(DateTimeOffset At, TimeSpan Window, long CpuNanocores, long MemoryBytes);
