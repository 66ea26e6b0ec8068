using System.Runtime.InteropServices;
using System.Text.Json;
using Coxswain.DockerApi.Http;
using Coxswain.DockerApi.Mapping;
using Coxswain.DockerApi.Wire;
using Coxswain.Engine.Events;
using Coxswain.Engine.Images.Documents;
using Coxswain.Engine.Local;
using Coxswain.Linux.Cgroups;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Coxswain.DockerApi.Endpoints;

/// <summary>What the server is, has and does: ping, version, info, disk usage, events.</summary>
internal sealed class SystemEndpoints(DockerBackend backend)
{
    /// <summary>The engine whose API this is like: clients compare it with what they know.</summary>
    private const string EngineVersion = "28.2.2";

    private static readonly string[] SwarmPaths = ["/swarm", "/nodes", "/services", "/tasks", "/secrets", "/configs", "/plugins"];

    public void Map(IEndpointRouteBuilder routes)
    {
        routes.MapMethods("/_ping", [HttpMethods.Get, HttpMethods.Head], PingAsync);
        routes.MapGet("/version", VersionAsync);
        routes.MapGet("/info", InfoAsync);
        routes.MapGet("/system/df", DiskUsageAsync);
        routes.MapGet("/events", EventsAsync);
        foreach (var path in SwarmPaths)
        {
            routes.Map(path + "/{**rest}", _ => throw new LocalException(
                LocalErrorKind.Unsupported, "Swarm and plugins are not supported: orchestrate with Kubernetes, which this server is too"));
        }
    }

    private static string Machine => Platform.Current.Architecture;

    private static string Kernel => File.ReadAllText("/proc/sys/kernel/osrelease").Trim();

    private static async Task PingAsync(HttpContext context)
    {
        context.Response.ContentType = "text/plain; charset=utf-8";
        context.Response.Headers.CacheControl = "no-cache, no-store, must-revalidate";
        context.Response.Headers.Pragma = "no-cache";
        context.Response.Headers["Builder-Version"] = "1";
        context.Response.Headers["Swarm"] = "inactive";
        context.Response.ContentLength = 2;
        if (HttpMethods.IsGet(context.Request.Method))
        {
            await context.Response.Body.WriteAsync("OK"u8.ToArray(), context.RequestAborted);
        }
    }

    private Task VersionAsync(HttpContext context) => context.JsonAsync(
        new VersionAnswer
        {
            Platform = new VersionPlatform($"Coxswain {backend.Version}"),
            Components =
            [
                new VersionComponent("Engine", EngineVersion)
                {
                    Details = new SortedDictionary<string, string>
                    {
                        ["ApiVersion"] = ApiVersion.Newest,
                        ["MinAPIVersion"] = ApiVersion.Oldest,
                        ["Arch"] = Machine,
                        ["BuildTime"] = "",
                        ["Experimental"] = "false",
                        ["GitCommit"] = backend.Version,
                        ["GoVersion"] = "none",
                        ["KernelVersion"] = Kernel,
                        ["Os"] = "linux",
                    },
                },
                new VersionComponent("coxswain", backend.Version),
            ],
            Version = EngineVersion,
            ApiVersion = ApiVersion.Newest,
            MinApiVersion = ApiVersion.Oldest,
            GitCommit = backend.Version,
            Arch = Machine,
            KernelVersion = Kernel,
        },
        WireJson.Default.VersionAnswer);

    private async Task InfoAsync(HttpContext context)
    {
        var containers = backend.Local.Containers.List();
        var images = await backend.Images.Store.ListAsync(context.RequestAborted);
        await context.JsonAsync(
            new SystemInfo
            {
                Id = backend.Engine.Options.CgroupParent.Trim('/'),
                Containers = containers.Count,
                ContainersRunning = containers.Count(container => container is { IsRunning: true, Status.Paused: false }),
                ContainersPaused = containers.Count(container => container.Status.Paused),
                ContainersStopped = containers.Count(container => !container.IsRunning),
                Images = images.Count,
                Plugins = new InfoPlugins(["local"], ["bridge", "host", "null"], ["json-file"]),
                SystemTime = ContainerView.Time(backend.Time.GetUtcNow()),
                CgroupVersion = backend.Engine.Cgroups.Layout == CgroupLayout.V2 ? "2" : "1",
                KernelVersion = Kernel,
                OperatingSystem = System(),
                Architecture = RuntimeInformation.OSArchitecture == Architecture.X64 ? "x86_64" : "aarch64",
                ProcessorCount = Environment.ProcessorCount,
                MemTotal = StatsEndpoint.MachineMemory(),
                RegistryConfig = new RegistryInfo(
                    ["127.0.0.0/8"],
                    new SortedDictionary<string, RegistryIndex> { ["docker.io"] = new("docker.io", [], Secure: true, Official: true) }, []),
                DockerRootDir = backend.Engine.Options.DataDirectory,
                Name = Environment.MachineName,
                ServerVersion = EngineVersion,
                Runtimes = new SortedDictionary<string, RuntimeInfo> { ["runc"] = new(backend.Engine.Options.RuncPath) },
                Swarm = new SwarmInfo("inactive"),
            },
            WireJson.Default.SystemInfo);
    }

    private static string System() =>
        File.Exists("/etc/os-release")
            ? File.ReadLines("/etc/os-release").FirstOrDefault(line => line.StartsWith("PRETTY_NAME=", StringComparison.Ordinal))?["PRETTY_NAME=".Length..].Trim('"') ?? "Linux"
            : "Linux";

    private async Task DiskUsageAsync(HttpContext context)
    {
        var images = await backend.Images.Store.ListAsync(context.RequestAborted);
        var containers = backend.Local.Containers.List();
        var view = new ContainerView(backend.Local.Networks.Find, backend.Time);
        var volumes = new VolumeEndpoints(backend);
        await context.JsonAsync(
            new DiskUsage(
                images.Sum(image => image.SizeBytes),
                [.. images.Select(image => ImageWords.Summary(image, nameless: false, patterns: []) with
                {
                    Containers = containers.Count(container => container.Spec.ImageId == image.Id.ToString()),
                    SharedSize = 0,
                })],
                [.. containers.Select(container => view.Summary(container, backend.Local.Files.SizeOf(container), 0))],
                [.. backend.Local.Volumes.List().Select(volume => volumes.Answer(volume, usage: true))],
                []),
            WireJson.Default.DiskUsage);
    }

    private async Task EventsAsync(HttpContext context)
    {
        var filters = Filters.Of(context.Request);
        var since = context.Request.Time("since");
        var until = context.Request.Time("until");
        using var subscription = backend.Engine.Events.Subscribe(since is null ? null : 0);
        context.Response.ContentType = "application/json";
        await context.Response.StartAsync(context.RequestAborted);
        await context.Response.Body.FlushAsync(context.RequestAborted);
        using var limit = until is { } end && end > backend.Time.GetUtcNow()
            ? new CancellationTokenSource(end - backend.Time.GetUtcNow(), backend.Time)
            : new CancellationTokenSource();
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, context.RequestAborted);
        try
        {
            if (until is { } past && past <= backend.Time.GetUtcNow())
            {
                foreach (var happened in backend.Engine.Events.History().Where(happened => happened.Time >= since && happened.Time <= past))
                {
                    await WriteAsync(context, filters, happened);
                }

                return;
            }

            await foreach (var happened in subscription.ReadAllAsync(either.Token))
            {
                if (since is null || happened.Time >= since)
                {
                    await WriteAsync(context, filters, happened);
                }
            }
        }
        catch (OperationCanceledException) when (limit.IsCancellationRequested)
        {
            // As long as was asked for.
        }
    }

    private static async Task WriteAsync(HttpContext context, Filters filters, EngineEvent happened)
    {
        if (EventWords.Of(happened) is { } message && EventWords.Passes(message, filters))
        {
            await context.Response.Body.WriteAsync(
                JsonSerializer.SerializeToUtf8Bytes(message, WireJson.Default.EventMessage), context.RequestAborted);
            await context.Response.Body.WriteAsync("\n"u8.ToArray(), context.RequestAborted);
            await context.Response.Body.FlushAsync(context.RequestAborted);
        }
    }
}
