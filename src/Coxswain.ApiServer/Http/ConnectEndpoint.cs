using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using Coxswain.Api;
using Coxswain.Api.Core.V1;
using Coxswain.Api.Errors;
using Coxswain.Api.Meta.V1;
using Coxswain.ApiServer.Core;
using Coxswain.ApiServer.Http.Tunnels;
using Coxswain.ApiServer.Resources;
using Coxswain.Client.Http;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Coxswain.ApiServer.Http;

/// <summary>What is answered by a pod, by a node or by what a Service stands for: log, exec, attach, portforward, proxy.</summary>
internal sealed class ConnectEndpoint : IDisposable
{
    private readonly ApiCore _core;
    private readonly ServerLifetime _lifetime;
    private readonly ProxyTargets _targets;
    private readonly HttpMessageInvoker _nodes;
    private readonly HttpMessageInvoker _backends;

    /// <param name="nodes">The client for nodes' own endpoints; not disposed with this.</param>
    public ConnectEndpoint(ApiCore core, ProxyTargets targets, ServerLifetime lifetime, HttpMessageInvoker nodes)
    {
        _core = core;
        _lifetime = lifetime;
        _targets = targets;
        _nodes = nodes;
        _backends = BackendClients.ToAnybody();
    }

    public async Task HandleAsync(HttpContext context, ApiRequest request, string rest)
    {
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, _lifetime.Stopping);
        UpgradeTunnel.AllowSilence(context);
        if (request.Subresource == "log")
        {
            await _core.AuthorizeAsync(request, context.RequestAborted);
            await LogAsync(context, request, ending.Token);
            return;
        }

        await _core.ConnectAsync(request, OptionsKind(request), OptionsOf(context, request, rest), context.RequestAborted);
        if (request.Subresource == "proxy")
        {
            await ProxyAsync(context, request, ending.Token);
            return;
        }

        if (request.Verb != "create")
        {
            // A WebSocket is asked for by GET, but it does no less than a POST.
            await _core.AuthorizeAsync(request with { Verb = "create" }, context.RequestAborted);
        }

        await StreamAsync(context, request, ending.Token);
    }

    public void Dispose() => _backends.Dispose();

    private async Task ProxyAsync(HttpContext context, ApiRequest request, CancellationToken cancellationToken)
    {
        if (context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } size)
        {
            // It is the backend's to say what is too large.
            size.MaxRequestBodySize = null;
        }

        var (target, isNode) = request.Resource.Resource.Plural switch
        {
            "pods" => (await _targets.PodAsync(request.Namespace, request.Name, cancellationToken), false),
            "services" => (await _targets.ServiceAsync(request.Namespace, request.Name, cancellationToken), false),
            _ => await _targets.NodeAsync(request.Name, cancellationToken),
        };
        var path = ProxyPath.Of(context, request.Resource.Resource.Namespaced);
        // Only a node's own endpoint is shown who we are.
        await BackendProxy.ForwardAsync(context, isNode ? _nodes : _backends, target, path, cancellationToken);
    }

    /// <summary>exec, attach, portforward: the node does it all, and is asked in the kubelet's way.</summary>
    private async Task StreamAsync(HttpContext context, ApiRequest request, CancellationToken cancellationToken)
    {
        var pod = await _targets.FindPodAsync(request.Namespace, request.Name, cancellationToken);
        var target = await NodeOfAsync(pod, cancellationToken) + NodePaths.Stream(pod, request.Subresource, context.Request.Query);
        if (!UpgradeTunnel.IsAsked(context.Request))
        {
            throw new KubeStatusException(Statuses.BadRequest("Upgrade request required"));
        }

        using var message = BackendRequest.Make(context, new Uri(target));
        using var answer = await SendAsync(message, cancellationToken);
        if (answer.StatusCode != HttpStatusCode.SwitchingProtocols)
        {
            throw new KubeStatusException(Refusal(request, answer.StatusCode, await ErrorTextAsync(answer, cancellationToken)));
        }

        await UpgradeTunnel.JoinAsync(context, answer, cancellationToken);
    }

    private async Task LogAsync(HttpContext context, ApiRequest request, CancellationToken cancellationToken)
    {
        var pod = await _targets.FindPodAsync(request.Namespace, request.Name, cancellationToken);
        var path = NodePaths.Log(pod, context.Request.Query);
        using var message = new HttpRequestMessage(HttpMethod.Get, await NodeOfAsync(pod, cancellationToken) + path);
        using var answer = await SendAsync(message, cancellationToken);
        if (!answer.IsSuccessStatusCode)
        {
            throw new KubeStatusException(Refusal(request, answer.StatusCode, await ErrorTextAsync(answer, cancellationToken)));
        }

        if (WebSocketUpgrade.IsAsked(context.Request))
        {
            await using var body = await answer.Content.ReadAsStreamAsync(cancellationToken);
            await WebSocketText.SendAsync(context, body, cancellationToken);
            return;
        }

        context.Response.StatusCode = (int)answer.StatusCode;
        context.Response.ContentType = answer.Content.Headers.ContentType?.ToString() ?? "text/plain";
        await context.Response.StartAsync(cancellationToken);
        await BackendProxy.CopyAsync(answer, context, cancellationToken);
    }

    private async Task<HttpResponseMessage> SendAsync(HttpRequestMessage message, CancellationToken cancellationToken)
    {
        try
        {
            return await _nodes.SendAsync(message, cancellationToken);
        }
        catch (HttpRequestException exception)
        {
            throw new KubeStatusException(Statuses.InternalError(
                $"{message.Method} \"{message.RequestUri}\": {exception.InnerException?.Message ?? exception.Message}"));
        }
    }

    private ValueTask<string> NodeOfAsync(Pod pod, CancellationToken cancellationToken) => pod.Spec.NodeName.Length > 0
        ? _targets.NodeEndpointAsync(pod.Spec.NodeName, cancellationToken)
        : throw new KubeStatusException(Statuses.BadRequest($"pod {pod.Metadata.Name} does not have a host assigned"));

    /// <summary>The kind of a connection's options: PodExecOptions, NodeProxyOptions.</summary>
    private static ObjectKind OptionsKind(ApiRequest request)
    {
        var subresource = request.Subresource switch { "portforward" => "PortForward", var name => char.ToUpperInvariant(name[0]) + name[1..] };
        return new ObjectKind("v1", $"{request.Resource.Resource.Kind}{subresource}Options");
    }

    private static JsonObject OptionsOf(HttpContext context, ApiRequest request, string rest)
    {
        var kind = OptionsKind(request);
        var options = new JsonObject { ["kind"] = kind.Kind, ["apiVersion"] = kind.ApiVersion };
        if (request.Subresource == "proxy")
        {
            options["path"] = rest;
            return options;
        }

        foreach (var (name, values) in context.Request.Query)
        {
            options[name] = name is "command" or "ports"
                ? new JsonArray([.. values.Select(value => JsonValue.Create(value))])
                : values[^1] is "true" or "false" ? values[^1] == "true" : values[^1];
        }

        return options;
    }

    /// <summary>A node says in plain text why not; a client reads no reason but a Status.</summary>
    private static Status Refusal(ApiRequest request, HttpStatusCode code, string text) => code switch
    {
        HttpStatusCode.BadRequest => Statuses.BadRequest(text),
        HttpStatusCode.Forbidden => Statuses.Forbidden("pods", request.Name, text) with { Message = text },
        HttpStatusCode.NotFound => Statuses.NotFound("pods", request.Name) with { Message = text },
        HttpStatusCode.InternalServerError => Statuses.InternalError(text),
        _ => Statuses.InternalError($"the node answered {(int)code}: {text}"),
    };

    private static async Task<string> ErrorTextAsync(HttpResponseMessage answer, CancellationToken cancellationToken)
    {
        const int MaxBytes = 4096;
        await using var body = await answer.Content.ReadAsStreamAsync(cancellationToken);
        var bytes = new byte[MaxBytes];
        var length = await body.ReadAtLeastAsync(bytes, MaxBytes, throwOnEndOfStream: false, cancellationToken);
        return Encoding.UTF8.GetString(bytes, 0, length).TrimEnd();
    }
}
