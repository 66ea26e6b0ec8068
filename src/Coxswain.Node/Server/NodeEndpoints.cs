using System.Text.Json;
using Coxswain.Api.Core.V1;
using Coxswain.Engine.Logs;
using Coxswain.Node.Files;
using Coxswain.Node.Pods;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Coxswain.Node.Server;

/// <summary>The kubelet's paths that tell of pods, and their logs.</summary>
internal sealed class NodeEndpoints(PodManager manager, LogReader logs, NodePaths paths, TimeProvider time)
{
    public void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/healthz", (RequestDelegate)(context => context.Response.WriteAsync("ok", context.RequestAborted)));
        routes.MapGet("/pods", (RequestDelegate)PodsAsync);
        routes.MapGet("/containerLogs/{namespace}/{pod}/{container}", (RequestDelegate)LogsAsync);
    }

    private async Task PodsAsync(HttpContext context)
    {
        context.Response.ContentType = "application/json";
        await using var writer = new Utf8JsonWriter(context.Response.BodyWriter);
        writer.WriteStartObject();
        writer.WriteString("kind", "PodList");
        writer.WriteString("apiVersion", "v1");
        writer.WriteStartObject("metadata");
        writer.WriteEndObject();
        writer.WriteStartArray("items");
        foreach (var pod in manager.Pods)
        {
            pod.Write(writer);
        }

        writer.WriteEndArray();
        writer.WriteEndObject();
        await writer.FlushAsync(context.RequestAborted);
    }

    private async Task LogsAsync(HttpContext context)
    {
        var (ns, name, container) = (Route(context, "namespace"), Route(context, "pod"), Route(context, "container"));
        var pod = manager.Pods.FirstOrDefault(pod => pod.Metadata.Namespace == ns && pod.Metadata.Name == name);
        if (pod is null)
        {
            await RefuseAsync(context, StatusCodes.Status404NotFound, $"pod \"{name}\" not found");
            return;
        }

        var status = Statuses(pod.Status).FirstOrDefault(status => status.Name == container);
        if (status is null)
        {
            await RefuseAsync(context, StatusCodes.Status404NotFound, $"container \"{container}\" in pod \"{name}\" is not available");
            return;
        }

        var previous = Flag(context, "previous");
        var attempt = previous ? Previous(status) : status.RestartCount;
        var path = paths.ContainerLog(ns, name, pod.Metadata.Uid, container, attempt);
        if (!File.Exists(path))
        {
            await RefuseAsync(context, StatusCodes.Status400BadRequest, previous
                ? $"previous terminated container \"{container}\" in pod \"{name}\" not found"
                : NoLogYet(status, name));
            return;
        }

        context.Response.ContentType = "text/plain";
        await context.Response.StartAsync(context.RequestAborted);
        await logs.ReadAsync(
            path, Options(context), new PlainLogFormat(Flag(context, "timestamps")), context.Response.Body,
            () => previous || IsOver(pod.Metadata.Uid, container, attempt), context.RequestAborted);
    }

    /// <summary>While a container waits to run again, the attempt that ended last is the previous one.</summary>
    private static int Previous(ContainerStatus status) =>
        status.State.Waiting is not null && status.LastState.Terminated is { } last && last.ContainerID == status.ContainerID
            ? status.RestartCount
            : status.RestartCount - 1;

    /// <summary>The kubelet's words.</summary>
    private static string NoLogYet(ContainerStatus status, string pod)
    {
        var why = status.State.Waiting?.Reason switch
        {
            "ErrImagePull" => ": image can't be pulled",
            "ImagePullBackOff" => ": trying and failing to pull image",
            { Length: > 0 } reason => $": {reason}",
            _ => " - no logs yet",
        };
        return $"container \"{status.Name}\" in pod \"{pod}\" is waiting to start{why}";
    }

    /// <summary>Whether the attempt whose log is read has ended.</summary>
    private bool IsOver(string podUid, string container, int attempt)
    {
        var status = manager.Pods.FirstOrDefault(pod => pod.Metadata.Uid == podUid)?.Status;
        var current = Statuses(status ?? PodStatus.Empty).FirstOrDefault(other => other.Name == container);
        return current is null || current.RestartCount != attempt || current.State.Terminated is not null
            || (current.State.Waiting is not null && current.LastState.Terminated is { } last && last.ContainerID == current.ContainerID);
    }

    private static IEnumerable<ContainerStatus> Statuses(PodStatus status) =>
        status.InitContainerStatuses.Concat(status.ContainerStatuses).Concat(status.EphemeralContainerStatuses);

    private LogOptions Options(HttpContext context) => new()
    {
        Follow = Flag(context, "follow"),
        TailLines = Number(context, "tailLines"),
        LimitBytes = Number(context, "limitBytes"),
        Stdout = context.Request.Query["stream"].ToString().ToLowerInvariant() is "" or "all" or "stdout",
        Stderr = context.Request.Query["stream"].ToString().ToLowerInvariant() is "" or "all" or "stderr",
        Since = Number(context, "sinceSeconds") is { } seconds ? time.GetUtcNow().AddSeconds(-seconds)
            : DateTimeOffset.TryParse(context.Request.Query["sinceTime"], out var since) ? since : null,
    };

    private static string Route(HttpContext context, string name) => context.Request.RouteValues[name] as string ?? "";

    private static bool Flag(HttpContext context, string name) => context.Request.Query[name].ToString() is "true" or "1" or "True";

    private static long? Number(HttpContext context, string name) => long.TryParse(context.Request.Query[name], out var number) ? number : null;

    private static Task RefuseAsync(HttpContext context, int code, string message)
    {
        context.Response.StatusCode = code;
        return context.Response.WriteAsync(message, context.RequestAborted);
    }
}
