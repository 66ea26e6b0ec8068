using System.Text.Json;
using System.Text.Json.Nodes;
using Coxswain.Api.Json;
using Coxswain.Api.Resources;
using Coxswain.ApiServer.Certificates;
using Coxswain.ApiServer.Documents;
using Coxswain.ApiServer.Users;
using Coxswain.ApiServer.Webhooks;

namespace Coxswain.ApiServer.Aggregation;

/// <summary>Asks a server for the resources of its group-version, which tells both whether it answers and what it serves.</summary>
internal sealed class ApiServiceProbe(ServiceDialer dialer, TimeProvider time)
{
    private const int MostBytes = 4 * 1024 * 1024;

    /// <summary>Resources beyond these are not told of.</summary>
    private const int MostResources = 1000;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);
    private static readonly User Aggregator = new("system:kube-aggregator", [ClusterPki.MastersGroup]);

    public async ValueTask<ProbeResult> AskAsync(AggregatedService service, CancellationToken cancellationToken)
    {
        var place = $"service/{service.Port.Name} in \"{service.Port.Namespace}\"";
        try
        {
            await dialer.FindAsync(service.Port, cancellationToken);
        }
        catch (IOException exception)
        {
            var isMissing = exception.Message.EndsWith("not found", StringComparison.Ordinal);
            return new ProbeResult(false, isMissing ? "ServiceNotFound" : "MissingEndpoints",
                isMissing ? $"{place} is not present" : $"endpoints for {place} have no addresses: {exception.Message}", null);
        }

        var url = $"{service.Address}/apis/{service.Said.Group}/{service.Said.Version}";
        using var clock = new CancellationTokenSource(Patience, time);
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(clock.Token, cancellationToken);
        try
        {
            using var message = new HttpRequestMessage(HttpMethod.Get, url);
            message.Headers.Accept.ParseAdd("application/json");
            RemoteUser.Name(message, Aggregator);
            using var answer = await service.Client.SendAsync(message, HttpCompletionOption.ResponseHeadersRead, ending.Token);
            if (!answer.IsSuccessStatusCode)
            {
                return Failed(url, $"bad status from {url}: {(int)answer.StatusCode}");
            }

            await using var body = await answer.Content.ReadAsStreamAsync(ending.Token);
            var bytes = new byte[MostBytes];
            var length = await body.ReadAtLeastAsync(bytes, MostBytes, throwOnEndOfStream: false, ending.Token);
            return KubeJson.ParseNode(bytes.AsSpan(0, length), KubeJson.MaxDepth) is JsonObject list
                ? new ProbeResult(true, "Passed", "all checks passed", ResourcesOf(list, service.Said.Group, service.Said.Version))
                : Failed(url, "the answer is not an APIResourceList");
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return Failed(url, "context deadline exceeded");
        }
        catch (Exception exception) when (exception is HttpRequestException or IOException or JsonException)
        {
            return Failed(url, exception.InnerException?.Message ?? exception.Message);
        }
    }

    private static ProbeResult Failed(string url, string why) =>
        new(false, "FailedDiscoveryCheck", $"failing or missing response from {url}: {why}", null);

    private static List<ApiResource> ResourcesOf(JsonObject list, string apiGroup, string version)
    {
        var items = (list.Array("resources") ?? []).OfType<JsonObject>().Take(MostResources).ToList();
        return [.. items.Where(item => !item.Text("name").Contains('/')).Select(item =>
        {
            var name = item.Text("name");
            return new ApiResource(apiGroup, version, name, item.Text("kind"), item.Truth("namespaced") == true)
            {
                Singular = item.Text("singularName"),
                ShortNames = [.. item["shortNames"].Texts()],
                Categories = [.. item["categories"].Texts()],
                Verbs = [.. item["verbs"].Texts()],
                Subresources = [.. items.Where(sub => sub.Text("name").StartsWith(name + "/", StringComparison.Ordinal)).Select(sub => new ApiSubresource(
                    sub.Text("name")[(name.Length + 1)..], sub.Text("kind"), Null(sub.Text("group")), Null(sub.Text("version")), [.. sub["verbs"].Texts()]))],
            };
        })];
    }

    private static string? Null(string text) => text.Length == 0 ? null : text;
}

/// <param name="Resources">What the server serves; null when it did not say.</param>
internal sealed record ProbeResult(bool IsAvailable, string Reason, string Message, IReadOnlyList<ApiResource>? Resources);
