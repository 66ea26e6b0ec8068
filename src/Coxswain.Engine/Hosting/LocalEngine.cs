using Coxswain.Engine.Events;
using Coxswain.Engine.Images.Events;
using Coxswain.Engine.Local.Lifecycle;
using Coxswain.Engine.Local.Networks;
using Coxswain.Engine.Local.Volumes;
using Coxswain.Linux.Links;
using Coxswain.Linux.Namespaces;
using Coxswain.Linux.Nftables;
using Microsoft.Extensions.Logging;

namespace Coxswain.Engine.Hosting;

/// <summary>Local containers with their networks and volumes, over an engine and its images.</summary>
public sealed class LocalEngine : IAsyncDisposable
{
    private readonly IEngineEvents _events;
    private readonly ImageEngine _images;
    private IDisposable? _imageEvents;

    /// <param name="engine">Started before <see cref="StartAsync"/>.</param>
    public LocalEngine(ContainerEngine engine, ImageEngine images, TimeProvider time, ILoggerFactory loggers)
    {
        _events = engine.Events;
        _images = images;
        var logger = loggers.CreateLogger<LocalEngine>();
        Networks = new LocalNetworks(
            engine.Options, new RtnetlinkLinks(), new KernelNamespaces(), new NftCommand(engine.Processes, LocalNetworks.TableOf(engine.Options)),
            engine.Events, time, logger);
        Volumes = new LocalVolumes(engine.Options, engine.Events, time, name => Containers!.UsersOf(name)); // Set before anybody calls.
        Containers = new LocalContainers(engine.Options, engine.Containers, images.Store, Networks, Volumes, engine.Events, time, logger);
        Files = new LocalFiles(engine.Snapshots, images.Store, Containers);
    }

    public LocalContainers Containers { get; }

    public LocalNetworks Networks { get; }

    public LocalVolumes Volumes { get; }

    public LocalFiles Files { get; }

    /// <summary>Knows again what an earlier engine left. Call once, first.</summary>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        _imageEvents = _images.Store.Events.Subscribe(Tell);
        Networks.Load();
        await Containers.LoadAsync(cancellationToken);
    }

    /// <summary>Looks after the containers until cancelled.</summary>
    public Task RunAsync(CancellationToken cancellationToken) => Containers.RunAsync(cancellationToken);

    /// <summary>Removes everything that is local. For the end of a cluster.</summary>
    public async Task DeleteAllAsync(CancellationToken cancellationToken)
    {
        await Containers.DeleteAllAsync(cancellationToken);
        await Networks.DeleteAllAsync(cancellationToken);
        Volumes.DeleteAll();
    }

    /// <summary>Lets go: containers go on.</summary>
    public async ValueTask DisposeAsync()
    {
        _imageEvents?.Dispose();
        await Containers.DisposeAsync();
        await Networks.DisposeAsync();
    }

    private void Tell(ImageChange change) => _events.Publish(
        change.Kind switch
        {
            ImageChangeKind.Pull => EngineEventType.ImagePulled,
            ImageChangeKind.Push => EngineEventType.ImagePushed,
            ImageChangeKind.Load => EngineEventType.ImageLoaded,
            ImageChangeKind.Import => EngineEventType.ImageImported,
            ImageChangeKind.Build => EngineEventType.ImageBuilt,
            ImageChangeKind.Tag => EngineEventType.ImageTagged,
            ImageChangeKind.Untag => EngineEventType.ImageUntagged,
            _ => EngineEventType.ImageDeleted,
        },
        change.Digest.ToString(),
        new Dictionary<string, string> { [EventAttributes.Name] = change.Name });
}
