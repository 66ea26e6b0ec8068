using System.Text.Json;

namespace Coxswain.Workloads;

/// <summary>A watch over the Deployments of a namespace that waits for a status.</summary>
internal sealed class DeploymentWatch : IAsyncDisposable
{
    private readonly HttpClient _client;
    private readonly StreamReader _lines;

    private DeploymentWatch(HttpClient client, StreamReader lines)
    {
        _client = client;
        _lines = lines;
    }

    public static async Task<DeploymentWatch> OpenAsync(Target target, string path)
    {
        var client = target.OpenHttp2();
        var response = await client.SendAsync(
            new HttpRequestMessage(HttpMethod.Get, $"{path}?watch=1") { Version = new Version(2, 0) }, HttpCompletionOption.ResponseHeadersRead);
        response.EnsureSuccessStatusCode();
        return new DeploymentWatch(client, new StreamReader(await response.Content.ReadAsStreamAsync()));
    }

    public async Task UntilAsync(string name, Func<JsonElement, bool> condition)
    {
        while (await _lines.ReadLineAsync() is { } line)
        {
            using var watchEvent = JsonDocument.Parse(line);
            var deployment = watchEvent.RootElement.GetProperty("object");
            if (deployment.GetProperty("metadata").GetProperty("name").GetString() == name
                && deployment.TryGetProperty("status", out var status) && condition(status))
            {
                return;
            }
        }

        throw new InvalidOperationException($"the watch ended before {name} got there");
    }

    public ValueTask DisposeAsync()
    {
        _lines.Dispose();
        _client.Dispose();
        return ValueTask.CompletedTask;
    }
}
