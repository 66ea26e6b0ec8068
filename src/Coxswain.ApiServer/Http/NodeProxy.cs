using System.Globalization;
using System.Net;
using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json.Nodes;
using Coxswain.Api;
using Coxswain.Api.Core.V1;
using Coxswain.Api.Errors;
using Coxswain.Api.Json;
using Coxswain.Api.Meta.V1;
using Coxswain.ApiServer.Certificates;
using Coxswain.ApiServer.Core;
using Coxswain.ApiServer.Resources;
using Coxswain.Store;
using Microsoft.AspNetCore.Http;

namespace Coxswain.ApiServer.Http;

/// <summary>Passes logs and node paths through from the node's own HTTPS endpoint, as they come.</summary>
internal sealed class NodeProxy : IDisposable
{
    private readonly ApiCore _core;
    private readonly IStore _store;
    private readonly ServerLifetime _lifetime;
    private readonly HttpClient _client;

    public NodeProxy(ApiCore core, IStore store, ServerLifetime lifetime, ClusterPki pki, RenewingCertificate certificate)
    {
        _core = core;
        _store = store;
        _lifetime = lifetime;
        var authority = pki.Authority.Certificate;
        _client = new HttpClient(new SocketsHttpHandler
        {
            UseProxy = false,
            AllowAutoRedirect = false,
            SslOptions = new SslClientAuthenticationOptions
            {
                LocalCertificateSelectionCallback = (_, _, _, _, _) => certificate.Current,
                CertificateChainPolicy = new X509ChainPolicy
                {
                    TrustMode = X509ChainTrustMode.CustomRootTrust,
                    CustomTrustStore = { authority },
                    RevocationMode = X509RevocationMode.NoCheck,
                },
            },
        })
        { Timeout = Timeout.InfiniteTimeSpan };
    }

    /// <param name="rest">The path behind <c>proxy</c>.</param>
    public async Task HandleAsync(HttpContext context, ApiRequest request, string rest)
    {
        await (request.Subresource == "log"
            ? _core.AuthorizeAsync(request, context.RequestAborted)
            : _core.ConnectAsync(request, OptionsKind(request), OptionsOf(context, request, rest), context.RequestAborted));
        var target = (request.Resource.QualifiedName, request.Subresource) switch
        {
            ("pods", "log") => await LogAddressAsync(context, request),
            ("nodes", "proxy") => $"{await NodeAddressAsync(request.Name, context.RequestAborted)}/{rest}{context.Request.QueryString}",
            _ => throw new KubeStatusException(Statuses.ServiceUnavailable($"{request.Resource.Resource.Plural}/{request.Subresource} is not served yet")),
        };
        await ForwardAsync(context, request, target);
    }

    public void Dispose() => _client.Dispose();

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
        }

        foreach (var (name, values) in context.Request.Query)
        {
            options[name] = name is "command" or "ports"
                ? new JsonArray([.. values.Select(value => JsonValue.Create(value))])
                : values[^1] is "true" or "false" ? values[^1] == "true" : values[^1];
        }

        return options;
    }

    private async ValueTask<string> LogAddressAsync(HttpContext context, ApiRequest request)
    {
        var query = context.Request.Query;
        var entry = await _store.GetAsync(request.Key, context.RequestAborted)
            ?? throw new KubeStatusException(Statuses.NotFound("pods", request.Name));
        var pod = KubeJson.Deserialize<Pod>(entry.Value.Span);
        var container = ContainerOf(pod, query.Text("container"));
        if (pod.Spec.NodeName.Length == 0)
        {
            throw new KubeStatusException(Statuses.BadRequest($"pod {pod.Metadata.Name} does not have a host assigned"));
        }

        var options = string.Join('&', query.Where(item => item.Key != "container" && item.Value.Count > 0)
            .Select(item => $"{Uri.EscapeDataString(item.Key)}={Uri.EscapeDataString(item.Value[^1] ?? "")}"));
        var node = await NodeAddressAsync(pod.Spec.NodeName, context.RequestAborted);
        return $"{node}/containerLogs/{pod.Metadata.Namespace}/{pod.Metadata.Name}/{container}{(options.Length == 0 ? "" : "?")}{options}";
    }

    private static string ContainerOf(Pod pod, string wanted)
    {
        List<string> names = [.. pod.Spec.Containers.Select(item => item.Name)];
        List<string> all =
        [
            .. names, .. pod.Spec.InitContainers.Select(item => item.Name), .. pod.Spec.EphemeralContainers.Select(item => item.Name),
        ];
        if (wanted.Length == 0)
        {
            if (names.Count == 1)
            {
                return names[0];
            }

            var init = pod.Spec.InitContainers.Count > 0 ? $" or one of the init containers: [{string.Join(' ', pod.Spec.InitContainers.Select(item => item.Name))}]" : "";
            throw new KubeStatusException(Statuses.BadRequest(
                $"a container name must be specified for pod {pod.Metadata.Name}, choose one of: [{string.Join(' ', names)}]{init}"));
        }

        return all.Contains(wanted) ? wanted
            : throw new KubeStatusException(Statuses.BadRequest($"container {wanted} is not valid for pod {pod.Metadata.Name}"));
    }

    private async ValueTask<string> NodeAddressAsync(string name, CancellationToken cancellationToken)
    {
        var entry = await _store.GetAsync($"/registry/core/nodes/{name}", cancellationToken)
            ?? throw new KubeStatusException(Statuses.NotFound("nodes", name));
        var node = KubeJson.Deserialize<Coxswain.Api.Core.V1.Node>(entry.Value.Span);
        var address = node.Status.Addresses.FirstOrDefault(item => item.Type == "InternalIP")?.Address
            ?? throw new KubeStatusException(Statuses.InternalError($"no preferred addresses found for node \"{name}\"; known addresses: []"));
        var port = node.Status.DaemonEndpoints?.KubeletEndpoint?.Port is > 0 and var known ? known : 10250;
        return $"https://{address}:{port.ToString(CultureInfo.InvariantCulture)}";
    }

    private async Task ForwardAsync(HttpContext context, ApiRequest request, string target)
    {
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, _lifetime.Stopping);
        using var message = new HttpRequestMessage(new HttpMethod(context.Request.Method), target);
        if (context.Request.ContentLength > 0)
        {
            message.Content = new StreamContent(context.Request.Body);
            message.Content.Headers.TryAddWithoutValidation("Content-Type", context.Request.ContentType);
        }

        HttpResponseMessage answer;
        try
        {
            answer = await _client.SendAsync(message, HttpCompletionOption.ResponseHeadersRead, ending.Token);
        }
        catch (HttpRequestException exception)
        {
            throw new KubeStatusException(Statuses.InternalError(
                $"{context.Request.Method} \"{target}\": {exception.InnerException?.Message ?? exception.Message}"));
        }

        using (answer)
        {
            if (request.Subresource == "log" && !answer.IsSuccessStatusCode)
            {
                throw new KubeStatusException(Refusal(request, answer.StatusCode, await ErrorTextAsync(answer, ending.Token)));
            }

            context.Response.StatusCode = (int)answer.StatusCode;
            context.Response.ContentType = answer.Content.Headers.ContentType?.ToString() ?? "text/plain";
            if (answer.Content.Headers.ContentLength is { } length)
            {
                context.Response.ContentLength = length;
            }

            await context.Response.StartAsync(ending.Token);
            await using var body = await answer.Content.ReadAsStreamAsync(ending.Token);
            await CopyAsync(body, context, ending.Token);
        }
    }

    /// <summary>A node says in plain text why there is no log; a client reads no reason but a Status.</summary>
    private static Status Refusal(ApiRequest request, HttpStatusCode code, string text) => code switch
    {
        HttpStatusCode.BadRequest => Statuses.BadRequest(text),
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

    /// <summary>Every piece is flushed as it comes: a log is followed live.</summary>
    private static async Task CopyAsync(Stream body, HttpContext context, CancellationToken cancellationToken)
    {
        var output = context.Response.BodyWriter;
        try
        {
            while (await body.ReadAsync(output.GetMemory(16 * 1024), cancellationToken) is > 0 and var count)
            {
                output.Advance(count);
                if ((await output.FlushAsync(cancellationToken)).IsCompleted)
                {
                    return;
                }
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // The client left or the server stops.
        }
    }
}
