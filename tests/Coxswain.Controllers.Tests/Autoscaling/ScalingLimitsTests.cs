using Coxswain.Api.Autoscaling.V2;
using Coxswain.Controllers.Autoscaling;

namespace Coxswain.Controllers.Tests.Autoscaling;

public sealed class ScalingLimitsTests
{
    private static readonly DateTimeOffset Now = new(2026, 5, 1, 12, 0, 0, TimeSpan.Zero);

    [Theory]
    [InlineData(1, 10, 5, "ScaleUpLimit")] // four pods at once, or as many again
    [InlineData(8, 30, 16, "ScaleUpLimit")]
    [InlineData(8, 12, 12, "DesiredWithinRange")]
    [InlineData(18, 40, 20, "TooManyReplicas")]
    [InlineData(5, 5, 5, "DesiredWithinRange")]
    [InlineData(5, 1, 2, "TooFewReplicas")]
    public void Apply_DefaultBehavior_LimitsTheStep(int current, int recommended, int expected, string reason)
    {
        var limits = ScalingLimits.Apply(Spec(), current, recommended, new ScalingHistory(), Now);
        Assert.Equal((expected, reason), (limits.Replicas, limits.Reason));
    }

    [Fact]
    public void Apply_HigherRecommendationOfLate_StaysUp()
    {
        var history = new ScalingHistory();
        history.Recommend(9, Now.AddMinutes(-4));
        var limits = ScalingLimits.Apply(Spec(), 10, 3, history, Now);
        Assert.Equal((9, "ScaleDownStabilized"), (limits.Replicas, limits.Stabilized));
        Assert.Equal(3, ScalingLimits.Apply(Spec(), 10, 3, history, Now.AddMinutes(2)).Replicas);
    }

    [Fact]
    public void Apply_WhatWasAddedInThePeriod_Counts()
    {
        var spec = Spec(up: new HPAScalingRules { Policies = [new HPAScalingPolicy { Type = "Pods", Value = 2, PeriodSeconds = 60 }] });
        var history = new ScalingHistory();
        Assert.Equal(7, ScalingLimits.Apply(spec, 5, 20, history, Now).Replicas);
        history.Changed(2, Now);
        Assert.Equal(7, ScalingLimits.Apply(spec, 7, 20, history, Now.AddSeconds(30)).Replicas);
        Assert.Equal(9, ScalingLimits.Apply(spec, 7, 20, history, Now.AddSeconds(61)).Replicas);
    }

    [Theory]
    [InlineData("Max", 5)]
    [InlineData("Min", 9)]
    [InlineData("Disabled", 10)]
    public void Apply_SeveralPoliciesDown_SelectsOne(string select, int expected)
    {
        var spec = Spec(down: new HPAScalingRules
        {
            StabilizationWindowSeconds = 0,
            SelectPolicy = select,
            Policies = [new HPAScalingPolicy { Type = "Pods", Value = 1, PeriodSeconds = 60 }, new HPAScalingPolicy { Type = "Percent", Value = 50, PeriodSeconds = 60 }],
        });
        Assert.Equal(expected, ScalingLimits.Apply(spec, 10, 2, new ScalingHistory(), Now).Replicas);
    }

    private static HorizontalPodAutoscalerSpec Spec(HPAScalingRules? up = null, HPAScalingRules? down = null) => new()
    {
        MinReplicas = 2, MaxReplicas = 20, Behavior = up is null && down is null ? null : new HorizontalPodAutoscalerBehavior { ScaleUp = up, ScaleDown = down },
    };
}
