using Coxswain.Api.Apps.V1;
using Coxswain.Api.Autoscaling.V2;
using Coxswain.Api.Core.V1;
using Coxswain.Api.Meta.V1;
using Coxswain.Client;
using Coxswain.Controllers.Tests.Apps;

namespace Coxswain.Controllers.Tests.Autoscaling;

public sealed class HorizontalPodAutoscalerControllerTests
{
    [Theory]
    [InlineData(2, 3, 3)]
    [InlineData(7, 3, 5)]
    public async Task Target_OutsideItsBounds_IsBroughtInto(int replicas, int least, int expected)
    {
        await using var cluster = await ControlPlane.StartAsync(new ControllerOptions { NodeMonitorGracePeriod = TimeSpan.FromHours(1) });
        await cluster.AddNodeAsync("node-1");
        await cluster.Client.CreateAsync(Deployments.Web(replicas), default);
        await cluster.Client.CreateAsync(Scaler(least), default);
        await cluster.WaitForAsync<Deployment>("its size", list => list[0].Spec.Replicas == expected);
        await cluster.WaitForAsync<Event>("its event", events => events.Any(recorded =>
            recorded.Reason == "SuccessfulRescale" && recorded.Message.StartsWith($"New size: {expected}; reason: Current number of replicas", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Metrics_NotServed_NothingIsScaledAndItIsSaid()
    {
        await using var cluster = await ControlPlane.StartAsync(new ControllerOptions { NodeMonitorGracePeriod = TimeSpan.FromHours(1) });
        await cluster.AddNodeAsync("node-1");
        await cluster.Client.CreateAsync(Deployments.Web(3), default);
        await cluster.Client.CreateAsync(Scaler(1), default);
        var scalers = await cluster.WaitForAsync<HorizontalPodAutoscaler>("the condition", list => list[0].Status.Conditions.Any(condition => condition is
        {
            Type: "ScalingActive", Status: "False", Reason: "FailedGetResourceMetric",
        }));
        Assert.Equal("SucceededGetScale", scalers[0].Status.Conditions.Single(condition => condition.Type == "AbleToScale").Reason);
        Assert.Equal(3, (await cluster.Client.GetAsync<Deployment>("default", "web", default)).Spec.Replicas);
    }

    [Fact]
    public async Task Target_Missing_IsSaid()
    {
        await using var cluster = await ControlPlane.StartAsync();
        await cluster.Client.CreateAsync(Scaler(1), default);
        await cluster.WaitForAsync<HorizontalPodAutoscaler>("the condition", list => list[0].Status.Conditions.Any(condition => condition is
        {
            Type: "AbleToScale", Status: "False", Reason: "FailedGetScale",
        }));
    }

    private static HorizontalPodAutoscaler Scaler(int least) => new()
    {
        Metadata = ObjectMeta.Empty with { Name = "web", Namespace = "default" },
        Spec = new HorizontalPodAutoscalerSpec
        {
            ScaleTargetRef = new CrossVersionObjectReference { ApiVersion = "apps/v1", Kind = "Deployment", Name = "web" },
            MinReplicas = least,
            MaxReplicas = 5,
            Metrics =
            [
                new MetricSpec { Type = "Resource", Resource = new ResourceMetricSource { Name = "cpu", Target = new MetricTarget { Type = "Utilization", AverageUtilization = 50 } } },
            ],
        },
    };
}
