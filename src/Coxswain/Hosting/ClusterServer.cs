using System.Net;
using Coxswain.ApiServer;
using Coxswain.ApiServer.Certificates;
using Coxswain.Engine.Images;
using Coxswain.Linux.Processes;
using Coxswain.Store;
using Coxswain.Store.Sqlite;
using Microsoft.Extensions.Logging;

namespace Coxswain.Hosting;

/// <summary>The whole cluster in this process: opens every part, runs them until told to stop, and lets go in reverse order.</summary>
internal sealed partial class ClusterServer(ClusterPaths paths, ClusterConfiguration configuration, ILoggerFactory loggers)
{
    private readonly TimeProvider _time = TimeProvider.System;
    private readonly Random _random = new SecureRandom();
    private readonly ILogger _logger = loggers.CreateLogger<ClusterServer>();

    /// <param name="notify">Told how far the start has come, and last <see cref="ServerProcess.ReadyLine"/>.</param>
    public async Task RunAsync(Action<string> notify, CancellationToken cancellationToken)
    {
        var began = _time.GetTimestamp();
        Directory.CreateDirectory(paths.Data);
        Directory.CreateDirectory(paths.Run);
        using var pki = ClusterPki.Open(paths.Data, _time);
        await using var engine = EngineFactory.Create(paths, configuration, loggers);
        var engineStarted = engine.StartAsync(cancellationToken);
        using var images = await ImageEngine.OpenAsync(engine.Options, _time, engine.Network, cancellationToken);
        await using var store = await SqliteStore.OpenAsync(paths.Database, new StoreOptions(), _time, loggers.CreateLogger<SqliteStore>(), cancellationToken);

        // The API listens on the bridge's address, so the bridge comes first.
        await engineStarted;
        await using var api = new ApiServerHost(ApiOptions(store, pki));
        await api.StartAsync(cancellationToken);
        WriteKubeconfig(pki);
        notify(ServerProcess.ProgressPrefix + "The API server answers.");

        await using var parts = new ClusterParts(paths, configuration, engine, images, api, pki, _time, _random, loggers);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var running = parts.RunAsync(stop.Token);
        try
        {
            await await Task.WhenAny(parts.WaitUntilReadyAsync(stop.Token), running);
            if (!running.IsCompleted)
            {
                State().Save(paths);
                Log.Ready(_logger, configuration.NodeName, (long)_time.GetElapsedTime(began).TotalMilliseconds);
                notify(ServerProcess.ReadyLine);
            }

            await running;
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // Told to stop.
        }
        finally
        {
            await stop.CancelAsync();
            await running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            await api.StopAsync(CancellationToken.None);
            File.Delete(paths.ServerState);
            Log.Stopped(_logger);
        }
    }

    private ApiServerOptions ApiOptions(IStore store, ClusterPki pki)
    {
        var advertised = new IPEndPoint(configuration.NodeAddress, configuration.ApiPort);
        return new ApiServerOptions
        {
            Store = store,
            Pki = pki,
            Time = _time,
            Random = _random,
            LoggerFactory = loggers,
            Endpoints =
            [
                new IPEndPoint(IPAddress.Loopback, configuration.ApiPort),
                advertised,
                .. configuration.Listen.Select(address => new IPEndPoint(IPAddress.Parse(address), configuration.ApiPort)),
            ],
            Advertised = advertised,
            ExtraAddresses = [configuration.NodeAddress, configuration.ApiServiceAddress, .. configuration.Listen.Select(IPAddress.Parse)],
            ServiceRange = IPNetwork.Parse(configuration.ServiceCidr),
        };
    }

    /// <summary>The administrator's way in: in the data directory, and merged into the user's own kubeconfig.</summary>
    private void WriteKubeconfig(ClusterPki pki)
    {
        var admin = pki.Admin();
        var access = new KubeconfigAccess(ApiServerUrl, pki.Authority.CertificatePem, admin.CertificatePem, admin.KeyPem);
        foreach (var path in new[] { paths.AdminKubeconfig, KubeconfigFile.UsersPath() })
        {
            var file = KubeconfigFile.Open(path);
            file.SetContext(configuration.Name, access);
            file.Save();
        }
    }

    private string ApiServerUrl => $"https://127.0.0.1:{configuration.ApiPort}";

    private ServerState State() => new(
        Environment.ProcessId, ProcessInfo.StartTime(Environment.ProcessId), CoxswainVersion.Product, ApiServerUrl,
        configuration.NodeName, configuration.NodeAddress.ToString(), _time.GetUtcNow());

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Information, "Cluster is ready with node {Node} after {Milliseconds} ms")]
        public static partial void Ready(ILogger logger, string node, long milliseconds);

        [LoggerMessage(LogLevel.Information, "Cluster has stopped; its containers go on")]
        public static partial void Stopped(ILogger logger);
    }
}
