using System.Text;
using Coxswain.Api.Errors;
using Coxswain.ApiServer.Documents;
using Coxswain.ApiServer.Http.Tunnels;
using Coxswain.Store;
using Microsoft.Extensions.Logging;

namespace Coxswain.ApiServer.Metrics;

/// <summary>Asks every node what it and its containers have used so far. One that does not answer in time is left out.</summary>
internal sealed partial class NodeScraper(IStore store, ProxyTargets targets, HttpMessageInvoker nodes, TimeProvider time, ILogger<NodeScraper> logger)
{
    /// <summary>For some 50000 containers; of a longer answer nothing is taken.</summary>
    private const int MostBytes = 32 * 1024 * 1024;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    public async Task<IReadOnlyDictionary<UsageKey, UsageSample>> ScrapeAsync(CancellationToken cancellationToken)
    {
        var list = await store.ListAsync(new ListQuery("/registry/core/nodes/"), cancellationToken);
        var answers = await Task.WhenAll(list.Entries.Select(entry => ScrapeAsync(StoredObject.Of(entry).Metadata.Name, cancellationToken)));
        return answers.SelectMany(answer => answer).ToDictionary();
    }

    private async Task<IReadOnlyDictionary<UsageKey, UsageSample>> ScrapeAsync(string node, CancellationToken cancellationToken)
    {
        using var timeout = new CancellationTokenSource(Patience, time);
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, timeout.Token);
        try
        {
            using var message = new HttpRequestMessage(
                HttpMethod.Get, await targets.NodeEndpointAsync(node, ending.Token) + "/metrics/resource");
            using var answer = await nodes.SendAsync(message, ending.Token);
            answer.EnsureSuccessStatusCode();
            await using var body = await answer.Content.ReadAsStreamAsync(ending.Token);
            return ResourceText.Parse(node, await ReadAsync(body, ending.Token), time.GetUtcNow());
        }
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested
            && exception is HttpRequestException or IOException or OperationCanceledException or KubeStatusException)
        {
            Log.NoAnswer(logger, exception, node);
            return new Dictionary<UsageKey, UsageSample>();
        }
    }

    private static async Task<string> ReadAsync(Stream body, CancellationToken cancellationToken)
    {
        var text = new MemoryStream();
        var buffer = new byte[16 * 1024];
        while (await body.ReadAsync(buffer, cancellationToken) is > 0 and var count)
        {
            if (text.Length + count > MostBytes)
            {
                throw new IOException($"the answer has more than {MostBytes} bytes");
            }

            text.Write(buffer, 0, count);
        }

        return Encoding.UTF8.GetString(text.GetBuffer(), 0, (int)text.Length);
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Debug, "Node {Node} does not tell what it uses")]
        public static partial void NoAnswer(ILogger logger, Exception exception, string node);
    }
}
