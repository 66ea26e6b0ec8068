using Coxswain.Node.Probes;

namespace Coxswain.Node.Tests.Probes;

public sealed class ProbeCountsTests
{
    private readonly ProbeCounts _counts = new();

    [Fact]
    public void Read_ContainersThatAreGone_AreForgotten()
    {
        _counts.Add("a", ProbeKind.Liveness, ProbeOutcome.Success);
        _counts.Add("a", ProbeKind.Liveness, ProbeOutcome.Success);
        _counts.Add("a", ProbeKind.Liveness, ProbeOutcome.Refused);
        _counts.Add("a", ProbeKind.Readiness, outcome: null);
        _counts.Add("b", ProbeKind.Startup, ProbeOutcome.Failure);
        Assert.Equal(
            [(ProbeKind.Liveness, "failed", 1L), (ProbeKind.Liveness, "successful", 2L), (ProbeKind.Readiness, "unknown", 1L)],
            _counts.Read(new HashSet<string> { "a" })["a"]);
        Assert.False(_counts.Read(new HashSet<string> { "a", "b" }).ContainsKey("b"));
    }

    [Fact]
    public void Add_MoreContainersThanThereMayBe_BeginsAnew()
    {
        for (var i = 0; i <= ProbeCounts.MostContainers; i++)
        {
            _counts.Add($"{i}", ProbeKind.Liveness, ProbeOutcome.Success);
        }

        Assert.Single(_counts.Read(Enumerable.Range(0, ProbeCounts.MostContainers + 1).Select(i => $"{i}").ToHashSet()));
    }
}
