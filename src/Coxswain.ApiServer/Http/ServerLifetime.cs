namespace Coxswain.ApiServer.Http;

/// <summary>Tells long answers (watches, logs) that the server is about to stop, so that it need not wait for them.</summary>
internal sealed class ServerLifetime : IDisposable
{
    private readonly CancellationTokenSource _stopping = new();

    public CancellationToken Stopping => _stopping.Token;

    public Task StopAsync() => _stopping.CancelAsync();

    public void Dispose() => _stopping.Dispose();
}
