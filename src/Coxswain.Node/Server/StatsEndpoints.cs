using System.Text;
using System.Text.Json;
using Coxswain.Node.Options;
using Coxswain.Node.Pods;
using Coxswain.Node.Probes;
using Coxswain.Node.Stats;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Coxswain.Node.Server;

/// <summary>The kubelet's paths that tell what pods and the node use. Each is measured when it is asked for.</summary>
internal sealed class StatsEndpoints(
    NodeAgentOptions options, PodManager manager, PodMeter pods, DiskMeter disks, ProbeCounts probes, TimeProvider time)
{
    private readonly CpuRates _rates = new();

    public void Map(IEndpointRouteBuilder routes)
    {
        Map("/metrics", async token => KubeletMetrics.Write(
            options.NodeName, await MeasureAsync(token), await disks.MeasureAsync(manager.Pods, token)));
        Map("/metrics/resource", async token => ResourceMetrics.Write(Machine(), await MeasureAsync(token)));
        Map("/metrics/cadvisor", async token => CadvisorMetrics.Write(
            Machine(), Environment.ProcessorCount, await MeasureAsync(token), await disks.MeasureAsync(manager.Pods, token)));
        Map("/metrics/probes", _ => Task.FromResult(ProbeMetrics.Write(manager.Pods, probes)));
        routes.MapGet("/stats/summary", (RequestDelegate)SummaryAsync);

        void Map(string path, Func<CancellationToken, Task<string>> write) => routes.MapGet(path, (RequestDelegate)(async context =>
        {
            var text = Encoding.UTF8.GetBytes(await write(context.RequestAborted));
            context.Response.ContentType = "text/plain; version=0.0.4; charset=utf-8";
            await context.Response.Body.WriteAsync(text, context.RequestAborted);
        }));
    }

    private async Task SummaryAsync(HttpContext context)
    {
        var onlyCpuAndMemory = context.Request.Query["only_cpu_and_memory"].ToString() is "true" or "1";
        var machine = Machine();
        var measured = await MeasureAsync(context.RequestAborted);
        var rates = _rates.Update(
            [(Summary.MachineRate, machine.Time, machine.CpuNanoseconds), .. measured.SelectMany(Counters)]);
        var summary = new Summary(
            options.NodeName, machine, measured, rates, DiskMeter.FileSystem(options.DataDirectory, machine.Time),
            DiskMeter.FileSystem(options.ImageDirectory ?? options.DataDirectory, machine.Time),
            onlyCpuAndMemory ? null : await disks.MeasureAsync(manager.Pods, context.RequestAborted));
        context.Response.ContentType = "application/json";
        await using var json = new Utf8JsonWriter(context.Response.BodyWriter);
        new SummaryWriter(json, summary).Write();
        await json.FlushAsync(context.RequestAborted);
    }

    private static IEnumerable<(string Name, DateTimeOffset Time, long Nanoseconds)> Counters(PodMeasurement pod)
    {
        if (pod.Sandbox is { Usage: var usage })
        {
            yield return (pod.Pod.Metadata.Uid, usage.Time, usage.CpuNanoseconds);
        }

        foreach (var (_, id, stats) in pod.Containers)
        {
            yield return (id, stats.Time, stats.CpuNanoseconds);
        }
    }

    private MachineUsage Machine() => MachineUsage.Read(time.GetUtcNow());

    private Task<IReadOnlyList<PodMeasurement>> MeasureAsync(CancellationToken cancellationToken) => pods.MeasureAsync(manager.Pods, cancellationToken);
}
