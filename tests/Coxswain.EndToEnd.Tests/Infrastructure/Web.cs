namespace Coxswain.EndToEnd.Tests.Infrastructure;

/// <summary>A user's curl.</summary>
public static class Web
{
    private static readonly HttpClient Client = new(new SocketsHttpHandler { PooledConnectionLifetime = TimeSpan.Zero }) { Timeout = TimeSpan.FromSeconds(5) };

    /// <summary>The body, or the reason why there is none.</summary>
    public static async Task<string> GetAsync(string url)
    {
        try
        {
            return await Client.GetStringAsync(new Uri(url));
        }
        catch (Exception exception) when (exception is HttpRequestException or TaskCanceledException)
        {
            return exception.Message;
        }
    }
}
