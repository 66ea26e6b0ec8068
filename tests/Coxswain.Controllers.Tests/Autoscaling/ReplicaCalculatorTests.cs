using Coxswain.Api.Core.V1;
using Coxswain.Api.Meta.V1;
using Coxswain.Api.Scalars;
using Coxswain.Controllers.Autoscaling;

namespace Coxswain.Controllers.Tests.Autoscaling;

public sealed class ReplicaCalculatorTests
{
    private static readonly DateTimeOffset Now = new(2026, 5, 1, 12, 0, 0, TimeSpan.Zero);

    [Theory]
    [InlineData(50, 500, 3)] // as wanted
    [InlineData(50, 540, 3)] // within the tolerance
    [InlineData(50, 1000, 6)]
    [InlineData(50, 700, 5)]
    [InlineData(50, 160, 1)]
    public void ForUtilization_AllMeasured_KeepsTheRatio(int target, int milliEach, int expected)
    {
        var proposal = Calculator(Pods(3), ("p0", milliEach), ("p1", milliEach), ("p2", milliEach)).ForUtilization(3, target, Tolerance.Default);
        Assert.Equal((expected, milliEach / 10), (proposal.Replicas, proposal.Utilization));
    }

    [Fact]
    public void ForUtilization_OneMissingOnTheWayDown_CountsAsFullyUsed() =>
        Assert.Equal(3, Calculator(Pods(3), ("p0", 100), ("p1", 100)).ForUtilization(3, 50, Tolerance.Default).Replicas);

    [Fact]
    public void ForUtilization_OneMissingOnTheWayUp_CountsAsUnused() =>
        Assert.Equal(4, Calculator(Pods(3), ("p0", 1000), ("p1", 1000)).ForUtilization(3, 50, Tolerance.Default).Replicas);

    [Fact]
    public void ForUtilization_StartingPodOnTheWayUp_CountsAsUnused()
    {
        var pods = Pods(3);
        pods[2] = pods[2] with { Status = new PodStatus { Phase = "Pending" } };
        Assert.Equal(4, Calculator(pods, ("p0", 1000), ("p1", 1000), ("p2", 1000)).ForUtilization(3, 50, Tolerance.Default).Replicas);
    }

    [Fact]
    public void ForUtilization_EndingAndFailedPods_AreLeftOut()
    {
        var pods = Pods(4);
        pods[2] = pods[2] with { Metadata = pods[2].Metadata with { DeletionTimestamp = Now } };
        pods[3] = pods[3] with { Status = pods[3].Status with { Phase = "Failed" } };
        Assert.Equal(4, Calculator(pods, ("p0", 1000), ("p1", 1000), ("p2", 1), ("p3", 1)).ForUtilization(2, 50, Tolerance.Default).Replicas);
    }

    [Fact]
    public void ForUtilization_NoRequest_SaysOfWhichPod()
    {
        var pods = Pods(1);
        pods[0] = pods[0] with { Spec = new PodSpec { Containers = [new Container { Name = "main" }] } };
        var error = Assert.Throws<InvalidOperationException>(() => Calculator(pods, ("p0", 1)).ForUtilization(1, 50, Tolerance.Default));
        Assert.Equal("failed to get cpu utilization: missing request for cpu of Pod p0", error.Message);
    }

    [Fact]
    public void ForUtilization_NothingMeasured_IsNoZero() =>
        Assert.Throws<InvalidOperationException>(() => Calculator(Pods(2)).ForUtilization(2, 50, Tolerance.Default));

    [Fact]
    public void ForAverage_TwiceTheAmount_DoublesThem() =>
        Assert.Equal(4, Calculator(Pods(2), ("p0", 300), ("p1", 500)).ForAverage(2, 200, Tolerance.Default).Replicas);

    private static ReplicaCalculator Calculator(IReadOnlyList<Pod> pods, params (string Name, long Milli)[] usages) => new(
        pods, "cpu", "", usages.ToDictionary(item => item.Name, item => new PodUsage(item.Milli, Now, TimeSpan.FromSeconds(15))), Now);

    private static Pod[] Pods(int count) => [.. Enumerable.Range(0, count).Select(i => new Pod
    {
        Metadata = ObjectMeta.Empty with { Name = $"p{i}" },
        Spec = new PodSpec
        {
            Containers =
            [
                new Container
                {
                    Name = "main", Resources = new ResourceRequirements { Requests = new Dictionary<string, Quantity> { ["cpu"] = Quantity.Parse("1") } },
                },
            ],
        },
        Status = new PodStatus
        {
            Phase = "Running",
            StartTime = Now.AddHours(-1),
            Conditions = [new PodCondition { Type = "Ready", Status = "True", LastTransitionTime = Now.AddHours(-1) }],
        },
    })];
}
