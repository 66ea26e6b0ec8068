using Microsoft.Extensions.Hosting;

namespace Coxswain.ApiServer.Http;

/// <summary>The server is a part of a process whose signals are not its own to handle.</summary>
internal sealed class EmbeddedLifetime : IHostLifetime
{
    public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
