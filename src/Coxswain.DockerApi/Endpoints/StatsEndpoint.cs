using System.Globalization;
using System.Text.Json;
using Coxswain.DockerApi.Hosting;
using Coxswain.DockerApi.Http;
using Coxswain.DockerApi.Mapping;
using Coxswain.DockerApi.Wire;
using Coxswain.Engine.Local;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Coxswain.DockerApi.Endpoints;

/// <summary><c>docker stats</c>: what a container uses, once or every second.</summary>
internal sealed class StatsEndpoint(DockerBackend backend)
{
    private static readonly TimeSpan Period = TimeSpan.FromSeconds(1);

    public void Map(IEndpointRouteBuilder routes) => routes.MapGet("/containers/{id}/stats", StatsAsync);

    private async Task StatsAsync(HttpContext context)
    {
        var container = backend.Local.Containers.Inspect(ContainerEndpoints.Id(context));
        var stream = context.Request.Flag("stream", otherwise: true);
        context.Response.ContentType = "application/json";
        var before = Read(container, null);
        if (!stream && !context.Request.Flag("one-shot"))
        {
            // Shares of a processor need two looks.
            await Task.Delay(Period, backend.Time, context.RequestAborted);
            await WriteAsync(context, Read(container, before));
            return;
        }

        await WriteAsync(context, before);
        while (stream)
        {
            await Task.Delay(Period, backend.Time, context.RequestAborted);
            try
            {
                container = backend.Local.Containers.Inspect(container.Id);
            }
            catch (LocalException exception) when (exception.Kind == LocalErrorKind.NotFound)
            {
                return;
            }

            before = Read(container, before);
            await WriteAsync(context, before);
        }
    }

    private static async Task WriteAsync(HttpContext context, StatsAnswer answer)
    {
        await context.Response.Body.WriteAsync(
            JsonSerializer.SerializeToUtf8Bytes(answer, WireJson.Default.StatsAnswer), context.RequestAborted);
        await context.Response.Body.WriteAsync("\n"u8.ToArray(), context.RequestAborted);
        await context.Response.Body.FlushAsync(context.RequestAborted);
    }

    private StatsAnswer Read(LocalContainer container, StatsAnswer? before)
    {
        var usage = container.IsRunning ? backend.Engine.Containers.ReadUsage(container.Id) : null;
        var cpu = new CpuStats(new CpuUsage(usage?.CpuNanoseconds ?? 0), usage is null ? 0 : MachineNanoseconds(), Environment.ProcessorCount);
        return new StatsAnswer
        {
            Name = "/" + container.Spec.Name,
            Id = container.Id,
            Read = ContainerView.Time(usage is null ? null : backend.Time.GetUtcNow()),
            ReadBefore = before?.Read ?? ContainerView.Time(null),
            Pids = new PidsStats(usage?.Pids ?? 0),
            Cpu = cpu,
            CpuBefore = before?.Cpu ?? new CpuStats(new CpuUsage(0), 0, 0),
            Memory = new MemoryStats(
                usage?.MemoryBytes ?? 0, usage is null ? 0 : usage.MemoryLimitBytes > 0 ? usage.MemoryLimitBytes : MachineMemory(),
                usage is null ? [] : new SortedDictionary<string, long>
                {
                    // What clients take off to get the working set, in the spelling of either cgroup version.
                    ["inactive_file"] = Math.Max(0, usage.MemoryBytes - usage.WorkingSetBytes),
                    ["total_inactive_file"] = Math.Max(0, usage.MemoryBytes - usage.WorkingSetBytes),
                }),
            Networks = container.IsRunning ? Networks(container.Status.Pid) : null,
        };
    }

    /// <summary>All of the machine's processor time, in nanoseconds as Docker gives it.</summary>
    private static long MachineNanoseconds()
    {
        const long NanosecondsPerTick = 10_000_000;
        var fields = File.ReadLines("/proc/stat").First().Split(' ', StringSplitOptions.RemoveEmptyEntries);
        return fields.Skip(1).Take(8).Sum(field => long.Parse(field, CultureInfo.InvariantCulture)) * NanosecondsPerTick;
    }

    public static long MachineMemory()
    {
        var line = File.ReadLines("/proc/meminfo").First(line => line.StartsWith("MemTotal", StringComparison.Ordinal));
        return long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture) * 1024;
    }

    private static SortedDictionary<string, NetworkStats>? Networks(int pid)
    {
        try
        {
            var stats = new SortedDictionary<string, NetworkStats>(StringComparer.Ordinal);
            foreach (var line in File.ReadLines($"/proc/{pid}/net/dev").Skip(2))
            {
                var parts = line.Split([' ', ':'], StringSplitOptions.RemoveEmptyEntries);
                if (parts[0] != "lo" && parts.Length > 12)
                {
                    var numbers = parts.Skip(1).Select(part => long.Parse(part, CultureInfo.InvariantCulture)).ToArray();
                    stats[parts[0]] = new NetworkStats(
                        numbers[0], numbers[1], numbers[2], numbers[3], numbers[8], numbers[9], numbers[10], numbers[11]);
                }
            }

            return stats;
        }
        catch (IOException)
        {
            // It has ended meanwhile.
            return null;
        }
    }
}
