using Coxswain.DockerApi.Hosting;
using Coxswain.Engine.Hosting;
using Coxswain.Engine.Images.Registry;
using Microsoft.Extensions.Logging;

namespace Coxswain.Hosting;

/// <summary>
/// Docker's half of the server: local containers and the socket they are spoken of over. What fails of it is said and started again;
/// the cluster goes on meanwhile.
/// </summary>
internal sealed partial class DockerPart(
    ClusterPaths paths, int? registryPort, ContainerEngine engine, ImageEngine images, TimeProvider time, ILoggerFactory loggers)
{
    private static readonly TimeSpan BackOff = TimeSpan.FromSeconds(5);

    private readonly ILogger _logger = loggers.CreateLogger<DockerPart>();

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            try
            {
                await RunOnceAsync(cancellationToken);
            }
            catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
            {
                Log.Failed(_logger, exception, BackOff);
            }

            await Task.Delay(BackOff, time, cancellationToken);
        }
    }

    private async Task RunOnceAsync(CancellationToken cancellationToken)
    {
        await using var local = new LocalEngine(engine, images, time, loggers);
        await using var background = new BackgroundWork(loggers.CreateLogger<BackgroundWork>());
        await local.StartAsync(cancellationToken);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var backend = new DockerBackend(engine, images, local, background, time, CoxswainVersion.Product);
        using var registry = new RegistryStore(images.Store);
        Task[] running =
        [
            local.RunAsync(stop.Token),
            new DockerServer(backend, loggers).RunAsync(paths.DockerSocket, stop.Token),
            .. registryPort is { } port ? [new RegistryServer(registry, time, loggers).RunAsync(port, stop.Token)] : (Task[])[],
        ];
        try
        {
            await await Task.WhenAny(running);
        }
        finally
        {
            await stop.CancelAsync();
            await Task.WhenAll(running).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Error, "Docker's part of the server failed; it starts again in {BackOff}")]
        public static partial void Failed(ILogger logger, Exception exception, TimeSpan backOff);
    }
}
