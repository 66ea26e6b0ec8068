using System.Net;
using Coxswain.ApiServer;
using Coxswain.ApiServer.Audit;
using Coxswain.ApiServer.Certificates;
using Coxswain.ApiServer.Encryption;
using Coxswain.Engine.Hosting;
using Coxswain.Linux.Processes;
using Coxswain.Store;
using Coxswain.Store.Sqlite;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Logging;

namespace Coxswain.Hosting;

/// <summary>The whole cluster in this process: opens every part, runs them until told to stop, and lets go in reverse order.</summary>
/// <param name="serveCommands">Takes the verbs of the command line that need the server's images, until cancelled.</param>
internal sealed partial class ClusterServer(
    ClusterPaths paths, ClusterConfiguration configuration, Func<ImageEngine, CancellationToken, Task> serveCommands, ILoggerFactory loggers)
{
    private static readonly TimeSpan FirstBackOff = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestBackOff = TimeSpan.FromSeconds(30);

    private readonly TimeProvider _time = TimeProvider.System;
    private readonly Random _random = new SecureRandom();
    private readonly ILogger _logger = loggers.CreateLogger<ClusterServer>();

    /// <param name="notify">Told how far the start has come, and last <see cref="ServerProcess.ReadyLine"/>.</param>
    public async Task RunAsync(Action<string> notify, CancellationToken cancellationToken)
    {
        var began = _time.GetTimestamp();

        // Before anything is looked at: two servers over the same data would each remove what the other makes.
        using var held = await ClusterLock.TakeAsync(paths, TimeSpan.Zero, _time, cancellationToken);
        var state = State();
        state.Save(paths);
        try
        {
            await using var engine = EngineFactory.Create(paths, configuration, loggers);
            try
            {
                await RunAsync(engine, () =>
                {
                    (state with { IsReady = true }).Save(paths);
                    Log.Ready(_logger, configuration.NodeName, (long)_time.GetElapsedTime(began).TotalMilliseconds);
                    notify(ServerProcess.ReadyLine);
                }, notify, cancellationToken);
            }
            catch (Exception exception) when (exception is not OperationCanceledException || !cancellationToken.IsCancellationRequested)
            {
                await ClusterCleanup.UndoStartAsync(configuration, engine, CancellationToken.None);
                throw;
            }
        }
        catch (IOException exception) when (exception.InnerException is AddressInUseException)
        {
            throw new CommandFailure(
                $"port {configuration.ApiPort} is taken by another process ({exception.Message.TrimEnd('.')}); choose another with --api-port", exception);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // Told to stop.
        }
        finally
        {
            ServerState.Clear(paths);
            Log.Stopped(_logger);
        }
    }

    private async Task RunAsync(ContainerEngine engine, Action ready, Action<string> notify, CancellationToken cancellationToken)
    {
        var engineStarted = engine.StartAsync(cancellationToken);
        try
        {
            await RunAsync(engine, engineStarted, ready, notify, cancellationToken);
        }
        finally
        {
            // Whoever undoes the start asks it what runs, which it knows only then.
            await engineStarted.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>Images and the store are opened while the engine still adopts what runs.</summary>
    private async Task RunAsync(
        ContainerEngine engine, Task engineStarted, Action ready, Action<string> notify, CancellationToken cancellationToken)
    {
        using var pki = ClusterPki.Open(paths.Data, _time);
        using var images = await ImageEngine.OpenAsync(engine.Options, _time, engine.Network, cancellationToken);
        await using var store = await SqliteStore.OpenAsync(paths.Database, StoreOptionsFor(paths), _time, loggers.CreateLogger<SqliteStore>(), cancellationToken);

        // The API listens on the bridge's address, so the bridge comes first.
        await engineStarted;
        await using var api = new ApiServerHost(ApiOptions(store, pki));
        await api.StartAsync(cancellationToken);
        WriteKubeconfig(pki);
        notify(ServerProcess.ProgressPrefix + "The API server answers.");
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        Task[] running =
        [
            serveCommands(images, stop.Token),
            new DockerPart(paths, configuration.RegistryPort, engine, images, _time, loggers).RunAsync(stop.Token),
            RunPartsAsync(() => new ClusterParts(paths, configuration, engine, images, api, pki, _time, _random, loggers), ready, stop.Token),
        ];
        try
        {
            await await Task.WhenAny(running);
        }
        finally
        {
            await stop.CancelAsync();
            await Task.WhenAll(running).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            await api.StopAsync(CancellationToken.None);
        }
    }

    /// <summary>
    /// What stands around the API server runs as one: when a part fails all are stopped and made anew, so that the node
    /// never looks healthy while something of it is dead. A first start that fails is the caller's to tell.
    /// </summary>
    private async Task RunPartsAsync(Func<ClusterParts> make, Action ready, CancellationToken cancellationToken)
    {
        var wasReady = false;
        var backOff = FirstBackOff;
        while (true)
        {
            var began = _time.GetTimestamp();
            try
            {
                await using var parts = make();
                using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
                var running = parts.RunAsync(stop.Token);
                try
                {
                    await await Task.WhenAny(parts.WaitUntilReadyAsync(stop.Token), running);
                    if (!running.IsCompleted && !wasReady)
                    {
                        wasReady = true;
                        ready();
                    }

                    await running;
                }
                finally
                {
                    await stop.CancelAsync();
                    await running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                }
            }
            catch (Exception exception) when (wasReady && !cancellationToken.IsCancellationRequested)
            {
                backOff = _time.GetElapsedTime(began) > LongestBackOff ? FirstBackOff : backOff;
                Log.PartFailed(_logger, exception, backOff);
            }

            cancellationToken.ThrowIfCancellationRequested();
            await Task.Delay(backOff, _time, cancellationToken);
            backOff = TimeSpan.FromTicks(Math.Min(backOff.Ticks * 2, LongestBackOff.Ticks));
        }
    }

    /// <summary>Also without a configuration: what is encrypted is not taken for something else.</summary>
    private static StoreOptions StoreOptionsFor(ClusterPaths paths)
    {
        try
        {
            return new StoreOptions
            {
                Values = File.Exists(paths.EncryptionConfiguration)
                    ? EncryptionConfiguration.Parse(File.ReadAllText(paths.EncryptionConfiguration)) : EncryptionConfiguration.None,
            };
        }
        catch (FormatException exception)
        {
            throw new InvalidOperationException($"{paths.EncryptionConfiguration}: {exception.Message}", exception);
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
            Audit = File.Exists(paths.AuditPolicy) ? new AuditOptions(paths.AuditPolicy, paths.AuditLog) : null,
        };
    }

    /// <summary>The administrator's way in; <c>up</c> merges it into the user's own kubeconfig.</summary>
    private void WriteKubeconfig(ClusterPki pki)
    {
        var admin = pki.Admin();
        var file = KubeconfigFile.Open(paths.AdminKubeconfig);
        file.SetContext(
            configuration.Name, paths.Data,
            new KubeconfigAccess(ApiServerUrl, pki.Authority.CertificatePem, admin.CertificatePem, admin.KeyPem));
        file.Save(CallingUser.Root);
    }

    private string ApiServerUrl => $"https://127.0.0.1:{configuration.ApiPort}";

    private ServerState State() => new(
        Environment.ProcessId, ProcessInfo.StartTime(Environment.ProcessId), CoxswainVersion.Product, ApiServerUrl,
        configuration.NodeName, configuration.NodeAddress.ToString(), _time.GetUtcNow(), IsReady: false);

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Information, "Cluster is ready with node {Node} after {Milliseconds} ms")]
        public static partial void Ready(ILogger logger, string node, long milliseconds);

        [LoggerMessage(LogLevel.Information, "Cluster has stopped; its containers go on")]
        public static partial void Stopped(ILogger logger);

        [LoggerMessage(LogLevel.Error, "A part of the cluster failed; all of them start again in {BackOff}")]
        public static partial void PartFailed(ILogger logger, Exception exception, TimeSpan backOff);
    }
}
