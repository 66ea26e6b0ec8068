using System.Net.WebSockets;
using Coxswain.Api.Core.V1;
using Coxswain.Client.Http;
using Coxswain.Node.Pods;
using Coxswain.Node.Runtime;
using Coxswain.Node.Streaming.Channels;
using Coxswain.Node.Streaming.Commands;
using Coxswain.Node.Streaming.Ports;
using Coxswain.Node.Streaming.Spdy;
using Coxswain.Node.Streaming.Upgrades;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Coxswain.Node.Server;

/// <summary>The kubelet's paths that lead into pods: exec, attach, portForward, over WebSocket or SPDY/3.1.</summary>
internal sealed partial class StreamEndpoints(
    PodManager manager, IPodRuntime runtime, TimeSpan idleTimeout, TimeProvider time, ILogger logger)
{
    private static readonly string[] Methods = ["GET", "POST"];

    private CancellationToken _stopping;

    public void Map(IEndpointRouteBuilder routes, IHostApplicationLifetime lifetime)
    {
        _stopping = lifetime.ApplicationStopping;
        foreach (var uid in new[] { "", "/{uid}" })
        {
            routes.MapMethods($"/exec/{{namespace}}/{{pod}}{uid}/{{container}}", Methods, context => CommandAsync(context, isExec: true));
            routes.MapMethods($"/attach/{{namespace}}/{{pod}}{uid}/{{container}}", Methods, context => CommandAsync(context, isExec: false));
            routes.MapMethods($"/portForward/{{namespace}}/{{pod}}{uid}", Methods, PortForwardAsync);
        }
    }

    private async Task CommandAsync(HttpContext context, bool isExec)
    {
        var query = context.Request.Query;
        var options = new CommandOptions(Flag("input"), Flag("output"), Flag("error") && !Flag("tty"), Flag("tty"));
        var command = query["command"].Select(argument => argument ?? "").ToList();
        var container = Route(context, "container");
        if (await FindAsync(context) is not { } pod)
        {
            return;
        }

        if (options is { Stdin: false, Stdout: false, Stderr: false })
        {
            await RefuseAsync(context, StatusCodes.Status400BadRequest, "you must specify at least 1 of stdin, stdout, stderr");
            return;
        }

        if (isExec && command.Count == 0)
        {
            await RefuseAsync(context, StatusCodes.Status400BadRequest, "you must specify a command");
            return;
        }

        if (RunningContainer(pod, container) is not { } id)
        {
            await RefuseAsync(context, StatusCodes.Status404NotFound, $"container not found (\"{container}\")");
            return;
        }

        await RunAsync(context, (streams, token) => isExec
            ? CommandSession.ExecAsync(streams, options, runtime, id, command, token)
            : CommandSession.AttachAsync(streams, options, runtime, id, token), options);

        bool Flag(string name) => query[name].ToString() is "1" or "true";
    }

    private async Task RunAsync(HttpContext context, Func<ICommandStreams, CancellationToken, Task> session, CommandOptions options)
    {
        if (WebSocketUpgrade.IsAsked(context.Request))
        {
            var protocol = StreamUpgrade.NegotiateWebSocket(context.Request, CommandProtocols.WebSocket);
            await OverAsync(context, await WebSocketUpgrade.AcceptAsync(context, protocol), async (transport, token) =>
            {
                using var socket = new ChannelSocket(WebSocketUpgrade.Over(transport), CommandProtocols.IsBase64(protocol!)); // Accepted.
                using var streams = new WebSocketCommandStreams(socket, protocol!, options, time);
                await JoinAsync(streams.RunAsync, over => session(streams, over), token);
            });
        }
        else if (StreamUpgrade.IsSpdy(context.Request))
        {
            var accepted = await StreamUpgrade.AcceptSpdyAsync(context, CommandProtocols.Spdy);
            await OverAsync(context, accepted?.Transport, async (transport, token) =>
            {
                await using var connection = new SpdyConnection(transport);
                await JoinAsync(connection.RunAsync, async over =>
                {
                    if (await SpdyCommandStreams.OpenAsync(connection, accepted!.Value.Protocol, options, time, over) is { } streams) // Accepted.
                    {
                        await JoinAsync(streams.RunAsync, inner => session(streams, inner), over);
                    }
                }, token);
            });
        }
        else
        {
            await RefuseAsync(context, StatusCodes.Status400BadRequest, "Upgrade request required");
        }
    }

    private async Task PortForwardAsync(HttpContext context)
    {
        if (await FindAsync(context) is not { } pod)
        {
            return;
        }

        var dialer = new PortDialer(runtime, pod.Metadata.Name, pod.Metadata.Uid);
        var request = context.Request;
        if (StreamUpgrade.IsSpdy(request))
        {
            var accepted = await StreamUpgrade.AcceptSpdyAsync(context, SpdyPortForward.Protocols);
            await OverAsync(context, accepted?.Transport, (transport, token) => ForwardAsync(transport, dialer, token));
        }
        else if (WebSocketUpgrade.IsAsked(request) && StreamUpgrade.NegotiateWebSocket(request, SpdyPortForward.TunnelProtocols) is { Length: > 0 } tunnel)
        {
            await OverAsync(context, await WebSocketUpgrade.AcceptAsync(context, tunnel), async (transport, token) =>
            {
                await using var inside = WebSocketStream.Create(
                    WebSocketUpgrade.Over(transport), WebSocketMessageType.Binary, ownsWebSocket: true);
                await ForwardAsync(inside, dialer, token);
            });
        }
        else if (WebSocketUpgrade.IsAsked(request))
        {
            await ForwardChannelsAsync(context, dialer);
        }
        else
        {
            await RefuseAsync(context, StatusCodes.Status400BadRequest, "Upgrade request required");
        }
    }

    private async Task ForwardChannelsAsync(HttpContext context, PortDialer dialer)
    {
        var ports = new List<int>();
        foreach (var text in context.Request.Query["port"].SelectMany(value => (value ?? "").Split(',')))
        {
            if (!PortDialer.TryParse(text, out var port) || ports.Count == ChannelPortForward.MostPorts)
            {
                await RefuseAsync(context, StatusCodes.Status400BadRequest, $"unable to parse \"{text}\" as a port, or more than {ChannelPortForward.MostPorts} of them");
                return;
            }

            ports.Add(port);
        }

        if (ports.Count == 0)
        {
            await RefuseAsync(context, StatusCodes.Status400BadRequest, "query parameter \"port\" is required");
            return;
        }

        var protocol = StreamUpgrade.NegotiateWebSocket(context.Request, ChannelPortForward.Protocols);
        await OverAsync(context, await WebSocketUpgrade.AcceptAsync(context, protocol), async (transport, token) =>
        {
            using var socket = new ChannelSocket(WebSocketUpgrade.Over(transport), CommandProtocols.IsBase64(protocol!)); // Accepted.
            await new ChannelPortForward(socket, dialer).RunAsync(ports, token);
        });
    }

    private static async Task ForwardAsync(Stream transport, PortDialer dialer, CancellationToken cancellationToken)
    {
        await using var connection = new SpdyConnection(transport);
        await JoinAsync(connection.RunAsync, new SpdyPortForward(connection, dialer).RunAsync, cancellationToken);
    }

    /// <summary>Runs a conversation over an accepted connection, until it ends, is idle for too long, or we stop.</summary>
    private async Task OverAsync(HttpContext context, Stream? accepted, Func<Stream, CancellationToken, Task> talk)
    {
        if (accepted is null)
        {
            return;
        }

        await using var transport = new IdleLimit(accepted, idleTimeout, time);
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, transport.Idle, _stopping);
        try
        {
            await talk(transport, ending.Token);
        }
        catch (Exception exception) when (exception is OperationCanceledException or IOException or WebSocketException)
        {
            Log.Ended(logger, exception, context.Request.Path);
        }
    }

    /// <summary>Reads while something is done with what is read; when that is over, the reading is ended.</summary>
    private static async Task JoinAsync(Func<CancellationToken, Task> read, Func<CancellationToken, Task> act, CancellationToken cancellationToken)
    {
        using var over = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var reading = read(over.Token);
        try
        {
            await act(cancellationToken);
        }
        finally
        {
            await over.CancelAsync();
            await reading;
        }
    }

    private async Task<Pod?> FindAsync(HttpContext context)
    {
        var (ns, name, uid) = (Route(context, "namespace"), Route(context, "pod"), Route(context, "uid"));
        var pod = manager.Pods.FirstOrDefault(pod =>
            pod.Metadata.Namespace == ns && pod.Metadata.Name == name && (uid.Length == 0 || pod.Metadata.Uid == uid));
        if (pod is null)
        {
            await RefuseAsync(context, StatusCodes.Status404NotFound, "pod does not exist");
        }

        return pod;
    }

    private static string? RunningContainer(Pod pod, string name)
    {
        var status = pod.Status.InitContainerStatuses.Concat(pod.Status.ContainerStatuses).Concat(pod.Status.EphemeralContainerStatuses)
            .FirstOrDefault(status => status.Name == name && status.State.Running is not null);
        return status?.ContainerID[(status.ContainerID.LastIndexOf('/') + 1)..];
    }

    private static string Route(HttpContext context, string name) => context.Request.RouteValues[name] as string ?? "";

    private static Task RefuseAsync(HttpContext context, int code, string message)
    {
        context.Response.StatusCode = code;
        context.Response.ContentType = "text/plain";
        return context.Response.WriteAsync(message, context.RequestAborted);
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Debug, "The stream of {Path} ended before it was over")]
        public static partial void Ended(ILogger logger, Exception exception, string path);
    }
}
