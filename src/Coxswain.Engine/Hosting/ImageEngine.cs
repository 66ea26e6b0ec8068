using Coxswain.Engine.Builder.Stages;
using Coxswain.Engine.Builder.Steps;
using Coxswain.Engine.Images;
using Coxswain.Engine.Images.Archives;
using Coxswain.Engine.Images.Bootstrap;
using Coxswain.Engine.Images.Registry;
using Coxswain.Engine.Images.Stores;
using Coxswain.Engine.Networks;
using Coxswain.Linux.Cgroups;
using Coxswain.Linux.Mounts;
using Coxswain.Linux.Processes;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Coxswain.Engine.Hosting;

/// <summary>
/// Everything about images over one data directory, wired up. The server, the node agent and the command line each open their
/// own; they may do so at the same time.
/// </summary>
public sealed class ImageEngine : IDisposable
{
    private readonly KernelEvents _events;
    private readonly HttpClient _http;

    private ImageEngine(KernelEvents events, HttpClient http, ImageStore store, IStepRunner runner, IProcessRunner processes)
    {
        _events = events;
        _http = http;
        Store = store;
        Loader = new ImageLoader(store);
        Saver = new ImageSaver(store);
        Importer = new RootFilesystemImporter(store);
        Bootstrapper = new ImageBootstrapper(store, processes);
        Registry = new RegistryPuller(store, http);
        Pusher = new RegistryPusher(store, http);
        Builder = new ImageBuilder(store, runner, Registry, http);
    }

    public ImageStore Store { get; }

    public ImageLoader Loader { get; }

    public ImageSaver Saver { get; }

    public RootFilesystemImporter Importer { get; }

    public ImageBootstrapper Bootstrapper { get; }

    public IImagePuller Registry { get; }

    public RegistryPusher Pusher { get; }

    public ImageBuilder Builder { get; }

    /// <inheritdoc cref="OpenAsync(EngineOptions, TimeProvider, IContainerNetwork?, ILoggerFactory, CancellationToken)"/>
    public static Task<ImageEngine> OpenAsync(
        EngineOptions options, TimeProvider time, IContainerNetwork? network, CancellationToken cancellationToken) =>
        OpenAsync(options, time, network, NullLoggerFactory.Instance, cancellationToken);

    /// <param name="network">The running engine's, where there is one; without it RUN has no network but its own loopback.</param>
    public static async Task<ImageEngine> OpenAsync(
        EngineOptions options, TimeProvider time, IContainerNetwork? network, ILoggerFactory loggers,
        CancellationToken cancellationToken)
    {
        var events = new KernelEvents();
        var http = new HttpClient(RegistryHttp.Handler(), disposeHandler: true) { Timeout = Timeout.InfiniteTimeSpan };
        try
        {
            var processes = new ProcessRunner(events);
            var mounts = new KernelMounts();
            var runner = new RuncStepRunner(options, processes, mounts, new KernelCgroups(time), network);
            var store = await ImageStore.OpenAsync(
                options.DataDirectory, time, runner, new DiskImageUsage(options, mounts), loggers.CreateLogger<ImageStore>(),
                cancellationToken);
            return new ImageEngine(events, http, store, runner, processes);
        }
        catch
        {
            http.Dispose();
            events.Dispose();
            throw;
        }
    }

    /// <summary>Asks a registry whether it takes these credentials, as <c>docker login</c> does.</summary>
    /// <param name="domain">As in a full reference: <c>docker.io</c>, <c>localhost:5000</c>.</param>
    /// <exception cref="ImageException"><see cref="ImageErrorKind.Unauthorized"/>: it does not.</exception>
    public Task LoginAsync(string domain, RegistryCredentials? credentials, CancellationToken cancellationToken) =>
        new RegistryClient(_http, ImageReference.Parse($"{domain}/login"), credentials, "pull", Store.Time).CheckAccessAsync(cancellationToken);

    public void Dispose()
    {
        _http.Dispose();
        _events.Dispose();
    }
}
