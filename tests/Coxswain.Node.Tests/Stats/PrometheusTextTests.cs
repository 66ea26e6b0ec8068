using Coxswain.Node.Stats;

namespace Coxswain.Node.Tests.Stats;

public sealed class PrometheusTextTests
{
    [Fact]
    public void Write_SamplesOfTwoMetrics_StandTogetherAndEscaped()
    {
        var text = new PrometheusText();
        var (first, second) = (Metric.Counter("a_total", "One"), Metric.Gauge("b", "Two"));
        text.Add(first, 1.5, null, ("x", "a\"b\\c\nd"), ("y", ""));
        text.Add(second, 1e20, DateTimeOffset.UnixEpoch.AddSeconds(1));
        text.Add(first, 2, null);
        Assert.Equal("""
            # HELP a_total One
            # TYPE a_total counter
            a_total{x="a\"b\\c\nd",y=""} 1.5
            a_total 2
            # HELP b Two
            # TYPE b gauge
            b 1E+20 1000

            """, text.ToString());
    }

    [Fact]
    public void Rates_OfCounters_AreBetweenOneTimeAndTheNext()
    {
        var start = DateTimeOffset.UnixEpoch;
        var rates = new CpuRates();
        Assert.Empty(rates.Update([("a", start, 0)]));
        Assert.Empty(rates.Update([("a", start.AddSeconds(0.5), 100)]));
        Assert.Equal(200, rates.Update([("a", start.AddSeconds(2), 400)])["a"]);
        Assert.Equal(200, rates.Update([("a", start.AddSeconds(2.5), 900), ("b", start, 1)])["a"]);
        Assert.Empty(rates.Update([("a", start.AddSeconds(9), 1)]));
        Assert.Empty(rates.Update([]));
        Assert.Empty(rates.Update([("a", start.AddSeconds(10), 2)]));
    }

    [Fact]
    public void Machine_CpuAndDefaultRoute_AreReadOfTheKernelsLines()
    {
        Assert.Equal(310_000_000, MachineUsage.Cpu("cpu  10 5 10 1000 1000 1 2 3 4 0"));
        Assert.Equal("eth0", MachineUsage.Default(["Iface\tDestination\tGateway", "br0\t0000FEA9\t0", "eth0\t00000000\t0102A8C0", "eth1\t00000000\t0"]));
        Assert.Equal("", MachineUsage.Default(["Iface\tDestination\tGateway"]));
    }
}
