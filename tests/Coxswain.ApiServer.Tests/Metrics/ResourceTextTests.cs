using Coxswain.ApiServer.Metrics;

namespace Coxswain.ApiServer.Tests.Metrics;

public sealed class ResourceTextTests
{
    private static readonly DateTimeOffset Now = DateTimeOffset.UnixEpoch.AddDays(1);

    [Fact]
    public void Parse_WhatAKubeletSays_IsTakenByContainerAndNode()
    {
        var samples = ResourceText.Parse("n1", """
            # HELP container_cpu_usage_seconds_total Cumulative
            # TYPE container_cpu_usage_seconds_total counter
            container_cpu_usage_seconds_total{container="main",namespace="default",pod="web"} 1.5 2000
            container_memory_working_set_bytes{container="main",namespace="default",pod="web"} 4.096e+06 2000
            container_start_time_seconds{container="main",namespace="default",pod="web"} 1
            node_cpu_usage_seconds_total 10
            node_memory_working_set_bytes 5
            pod_cpu_usage_seconds_total{namespace="default",pod="web"} 2
            resource_scrape_error 0
            """, Now);
        Assert.Equal(2, samples.Count);
        Assert.Equal(
            new UsageSample(DateTimeOffset.UnixEpoch.AddSeconds(2), 1.5, 4096000, DateTimeOffset.UnixEpoch.AddSeconds(1)),
            samples[new UsageKey("n1", "default", "web", "main")]);
        Assert.Equal(new UsageSample(Now, 10, 5, null), samples[new UsageKey("n1")]);
    }

    [Theory]
    [InlineData("container_cpu_usage_seconds_total{container=\"a")]
    [InlineData("container_cpu_usage_seconds_total{container=\"a\\")]
    [InlineData("container_cpu_usage_seconds_total{container=\"a\",")]
    [InlineData("container_cpu_usage_seconds_total{container}")]
    [InlineData("container_cpu_usage_seconds_total{}")]
    [InlineData("container_cpu_usage_seconds_total")]
    [InlineData("node_cpu_usage_seconds_total NaN")]
    [InlineData("node_cpu_usage_seconds_total 1e300")]
    [InlineData("node_cpu_usage_seconds_total -1")]
    [InlineData("node_cpu_usage_seconds_total x")]
    public void Parse_WhatIsNoSample_IsPassedOver(string line) =>
        Assert.Empty(ResourceText.Parse("n1", line + "\nnode_memory_working_set_bytes 5", Now));

    [Fact]
    public void Parse_EscapedLabels_AreUnescaped()
    {
        var samples = ResourceText.Parse("n1", """
            container_cpu_usage_seconds_total{container="a\"b\\c}",namespace="x",pod="y"} 1
            container_memory_working_set_bytes{container="a\"b\\c}",namespace="x",pod="y"} 1
            """, Now);
        Assert.Equal(new UsageKey("n1", "x", "y", "a\"b\\c}"), samples.Single().Key);
    }
}
