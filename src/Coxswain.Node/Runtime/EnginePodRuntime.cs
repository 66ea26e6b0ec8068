using System.Net.Sockets;
using Coxswain.Engine;
using Coxswain.Engine.Containers;
using Coxswain.Engine.Events;
using Coxswain.Engine.Hosting;
using Coxswain.Engine.Images;
using Coxswain.Engine.Images.Registry;
using Coxswain.Engine.Images.Stores;
using Coxswain.Linux.Files;
using Coxswain.Linux.Namespaces;
using EngineContainerStatus = Coxswain.Engine.Containers.ContainerStatus;

namespace Coxswain.Node.Runtime;

/// <summary>Runs pods on our own engine.</summary>
/// <param name="directory">Where sandboxes are remembered.</param>
/// <param name="puller">Null when there is no registry to pull from.</param>
public sealed class EnginePodRuntime(
    ContainerEngine engine, ImageStore images, IPodNetwork network, string directory, IImagePuller? puller = null) : IPodRuntime
{
    private const string SandboxLabel = EngineSandboxes.Label;
    private const string NameLabel = "coxswain.dev/container";
    private const string AttemptLabel = "coxswain.dev/attempt";
    private const string ImageLabel = "coxswain.dev/image";
    private const string ImageIdLabel = "coxswain.dev/image-id";

    private readonly IContainers _containers = engine.Containers;
    private readonly EngineSandboxes _sandboxes = new(engine, network, directory);
    private readonly EngineImageVolumes _imageVolumes = new(images, engine.Snapshots);
    private readonly SandboxSockets _sockets = new(new KernelNamespaces());
    private readonly EngineStats _stats = new(engine, network, new KernelNamespaces());

    public Task<RuntimeVersion> VersionAsync(CancellationToken cancellationToken) =>
        Task.FromResult(new RuntimeVersion("coxswain", typeof(EnginePodRuntime).Assembly.GetName().Version!.ToString(3))); // Every build has one.

    public async Task<SandboxStatus> RunPodSandboxAsync(SandboxConfig config, CancellationToken cancellationToken)
    {
        try
        {
            return await _sandboxes.RunAsync(config, cancellationToken);
        }
        catch (EngineException exception)
        {
            throw Failed(exception);
        }
    }

    public async Task StopPodSandboxAsync(string sandboxId, CancellationToken cancellationToken)
    {
        try
        {
            await _sandboxes.StopAsync(sandboxId, cancellationToken);
            await _imageVolumes.RemoveAsync(sandboxId, cancellationToken);
        }
        catch (EngineException exception)
        {
            throw Failed(exception);
        }
    }

    public Task UpdatePodSandboxResourcesAsync(string sandboxId, ContainerResources resources, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        try
        {
            _sandboxes.Update(sandboxId, resources);
            return Task.CompletedTask;
        }
        catch (EngineException exception)
        {
            throw Failed(exception);
        }
    }

    public async Task RemovePodSandboxAsync(string sandboxId, CancellationToken cancellationToken)
    {
        var own = _containers.List().Where(container => container.Spec.Labels.GetValueOrDefault(SandboxLabel) == sandboxId);
        await Task.WhenAll(own.Select(container => RemoveContainerAsync(container.Id, cancellationToken)));
        await StopPodSandboxAsync(sandboxId, cancellationToken);
        _sandboxes.Forget(sandboxId);
    }

    public Task<SandboxStatus?> PodSandboxStatusAsync(string sandboxId, CancellationToken cancellationToken) =>
        _sandboxes.FindStatusAsync(sandboxId, cancellationToken);

    public Task<IReadOnlyList<SandboxStatus>> ListPodSandboxAsync(CancellationToken cancellationToken) => _sandboxes.ListAsync(cancellationToken);

    public async Task<string> CreateContainerAsync(string sandboxId, ContainerConfig config, CancellationToken cancellationToken)
    {
        var sandbox = _sandboxes.Find(sandboxId)
            ?? throw new RuntimeException(RuntimeFailure.NotFound, $"no such sandbox: {sandboxId}");
        try
        {
            var image = await images.FindAsync(config.Image, cancellationToken)
                ?? throw new RuntimeException(RuntimeFailure.ImageNotFound, $"image \"{config.Image}\" is not here");
            using var lease = await images.LeaseAsync(image, cancellationToken);
            var spaces = await _sandboxes.JoinAsync(sandbox, cancellationToken);
            if (config.TargetContainerId.Length > 0)
            {
                spaces = spaces.WithPid(_sandboxes.PidNamespace(config.TargetContainerId));
            }

            var spec = EngineContainerSpecs.Build(sandbox, spaces, config, image, lease.LayerDirectories);
            var created = await _containers.CreateAsync(
                spec with
                {
                    Labels = new Dictionary<string, string>(config.Labels)
                    {
                        [SandboxLabel] = sandboxId,
                        [NameLabel] = config.Name,
                        [AttemptLabel] = config.Attempt.ToString(),
                        [ImageLabel] = config.Image,
                        [ImageIdLabel] = image.Id.ToString(),
                    },
                },
                cancellationToken);
            await PrepareAsync(created.Id, cancellationToken);
            return created.Id;
        }
        catch (ContainerStartException exception)
        {
            throw new RuntimeException(RuntimeFailure.Start, "failed to create container: " + exception.Message, exception) { ExitCode = exception.ExitCode };
        }
        catch (Exception exception) when (exception is EngineException or ImageException)
        {
            throw Failed(exception);
        }
    }

    /// <summary>A pod's container that cannot be made is not kept: its next attempt is another one.</summary>
    private async Task PrepareAsync(string containerId, CancellationToken cancellationToken)
    {
        try
        {
            await _containers.PrepareAsync(containerId, cancellationToken);
        }
        catch
        {
            await _containers.RemoveAsync(containerId, CancellationToken.None);
            throw;
        }
    }

    public Task StartContainerAsync(string containerId, CancellationToken cancellationToken) =>
        TryAsync(() => _containers.StartAsync(containerId, cancellationToken));

    public Task StopContainerAsync(string containerId, TimeSpan grace, CancellationToken cancellationToken) =>
        TryAsync(() => _containers.StopAsync(containerId, grace, cancellationToken));

    public Task UpdateContainerResourcesAsync(string containerId, ContainerResources resources, CancellationToken cancellationToken) =>
        TryAsync(() => _containers.UpdateAsync(containerId, EngineContainerSpecs.Limits(resources), cancellationToken));

    public Task RemoveContainerAsync(string containerId, CancellationToken cancellationToken) =>
        TryAsync(() => _containers.RemoveAsync(containerId, cancellationToken));

    public Task<ContainerInfo?> ContainerStatusAsync(string containerId, CancellationToken cancellationToken) =>
        Task.FromResult(_containers.Inspect(containerId) is { } status ? Info(status) : null);

    public Task<IReadOnlyList<ContainerInfo>> ListContainersAsync(CancellationToken cancellationToken) =>
        Task.FromResult<IReadOnlyList<ContainerInfo>>(
            [.. _containers.List().Where(status => status.Spec.Labels.ContainsKey(SandboxLabel) && !EngineSandboxes.IsPause(status)).Select(Info)]);

    public IRuntimeEvents GetContainerEvents() => new Events(_containers.Events.Subscribe());

    public async Task<IRuntimeExec> ExecAsync(string containerId, ExecRequest request, CancellationToken cancellationToken)
    {
        try
        {
            return new Exec(await _containers.ExecAsync(
                containerId, new ExecSpec { Args = request.Command, Stdin = request.Stdin, Terminal = request.Terminal }, cancellationToken));
        }
        catch (ContainerStartException exception)
        {
            throw new RuntimeException(RuntimeFailure.Start, exception.Message, exception) { ExitCode = exception.ExitCode };
        }
        catch (EngineException exception)
        {
            throw Failed(exception);
        }
    }

    public async Task<IRuntimeAttach> AttachAsync(string containerId, CancellationToken cancellationToken)
    {
        try
        {
            // One that does not run would be waited for, and a pod's container never runs again.
            return _containers.Inspect(containerId) is { State: ContainerState.Running } status
                ? new EngineAttach(_containers, containerId, await _containers.AttachAsync(containerId, cancellationToken), status.Spec.Stdin)
                : throw new RuntimeException(RuntimeFailure.NotFound, $"container {containerId} is not running");
        }
        catch (EngineException exception)
        {
            throw Failed(exception);
        }
    }

    public async Task<Socket> PortForwardAsync(string sandboxId, int port, CancellationToken cancellationToken)
    {
        var sandbox = _sandboxes.Find(sandboxId)
            ?? throw new RuntimeException(RuntimeFailure.NotFound, $"no such sandbox: {sandboxId}");
        var attachment = sandbox.HostNetwork ? null : await network.CheckAsync(sandboxId, cancellationToken)
            ?? throw new RuntimeException(RuntimeFailure.NotFound, $"sandbox {sandboxId} has no network");
        return await _sockets.ConnectAsync(attachment?.NetworkNamespace, port, cancellationToken);
    }

    public Task<ContainerStats?> ContainerStatsAsync(string containerId, CancellationToken cancellationToken) =>
        Task.FromResult(_stats.Container(containerId));

    public Task<SandboxStats?> PodSandboxStatsAsync(string sandboxId, CancellationToken cancellationToken) =>
        _sandboxes.Find(sandboxId) is { } sandbox ? _stats.SandboxAsync(sandbox, cancellationToken) : Task.FromResult<SandboxStats?>(null);

    public Task<long> ContainerWritableBytesAsync(string containerId, CancellationToken cancellationToken)
    {
        long bytes = 0;
        if (engine.Snapshots.Find(containerId) is { } snapshot && Directory.Exists(snapshot.UpperDirectory))
        {
            TreeWalker.Walk(snapshot.UpperDirectory, entry => bytes += entry.Status.AllocatedBytes, MountsBelow.Skip, cancellationToken);
        }

        return Task.FromResult(bytes);
    }

    public Task ReopenContainerLogAsync(string containerId, CancellationToken cancellationToken) =>
        Task.CompletedTask; // The engine rotates logs itself.

    public async Task<string> MountImageAsync(string sandboxId, string name, string imageId, CancellationToken cancellationToken)
    {
        try
        {
            return await _imageVolumes.MountAsync(sandboxId, name, imageId, cancellationToken);
        }
        catch (Exception exception) when (exception is EngineException or ImageException)
        {
            throw Failed(exception);
        }
    }

    public async Task<ImageInfo?> ImageStatusAsync(string image, CancellationToken cancellationToken)
    {
        if (ImageReference.TryParse(image, out var error) is null)
        {
            throw new RuntimeException(RuntimeFailure.InvalidImageName, error);
        }

        return await images.FindAsync(image, cancellationToken) is { } found ? Info(found) : null;
    }

    public async Task<ImageInfo> PullImageAsync(string image, IReadOnlyList<ImageCredential> credentials, CancellationToken cancellationToken)
    {
        if (ImageReference.TryParse(image, out var error) is not { } reference)
        {
            throw new RuntimeException(RuntimeFailure.InvalidImageName, error);
        }

        if (puller is null)
        {
            throw new RuntimeException(
                RuntimeFailure.RegistryUnavailable, $"failed to pull and unpack image \"{reference}\": no registry is configured and the image is not on this node");
        }

        try
        {
            return Info(await puller.PullAsync(image, new PullOptions { Credentials = Credential(reference, credentials) }, cancellationToken));
        }
        catch (ImageException exception)
        {
            var failure = exception.Kind switch
            {
                ImageErrorKind.NotFound => RuntimeFailure.ImageNotFound,
                ImageErrorKind.Unauthorized => RuntimeFailure.ImageUnauthorized,
                ImageErrorKind.Unreachable => RuntimeFailure.RegistryUnavailable,
                _ => RuntimeFailure.Failed,
            };
            throw new RuntimeException(failure, $"failed to pull and unpack image \"{reference}\": {exception.Message}", exception);
        }
    }

    public async Task<IReadOnlyList<ImageInfo>> ListImagesAsync(CancellationToken cancellationToken) =>
        [.. (await images.ListAsync(cancellationToken)).Select(Info)];

    public async Task RemoveImageAsync(string imageId, CancellationToken cancellationToken)
    {
        try
        {
            await images.RemoveAsync(imageId, force: true, cancellationToken);
        }
        catch (ImageException exception) when (exception.Kind == ImageErrorKind.NotFound)
        {
        }
        catch (ImageException exception)
        {
            throw Failed(exception);
        }
    }

    /// <summary>The one for the image's registry; keys may be written as URLs, and Docker Hub goes by several names.</summary>
    private static RegistryCredentials? Credential(ImageReference reference, IReadOnlyList<ImageCredential> credentials)
    {
        var match = credentials.FirstOrDefault(credential =>
        {
            var host = credential.Registry.Replace("https://", "", StringComparison.Ordinal).Replace("http://", "", StringComparison.Ordinal).Split('/')[0];
            return host == reference.Domain || (host.EndsWith("docker.io", StringComparison.Ordinal) && reference.Domain == "docker.io");
        });
        return match is null ? null : new RegistryCredentials(match.Username, match.Password);
    }

    private static ImageInfo Info(Image image) => new(
        image.Id.ToString(), [.. image.Tags.Select(tag => tag.Familiar)], image.RepositoryDigests, image.SizeBytes,
        image.Config.User ?? "", image.Config.StopSignal ?? "");

    private static ContainerInfo Info(EngineContainerStatus status)
    {
        var labels = status.Spec.Labels;
        return new ContainerInfo(
            status.Id, labels.GetValueOrDefault(SandboxLabel, ""), labels.GetValueOrDefault(NameLabel, ""),
            int.TryParse(labels.GetValueOrDefault(AttemptLabel), out var attempt) ? attempt : 0,
            labels.GetValueOrDefault(ImageLabel, ""), labels.GetValueOrDefault(ImageIdLabel, ""),
            status.State switch
            {
                ContainerState.Created => ContainerRunState.Created,
                ContainerState.Running => ContainerRunState.Running,
                _ => ContainerRunState.Exited,
            },
            status.CreatedAt)
        {
            StartedAt = status.StartedAt,
            FinishedAt = status.Exit?.FinishedAt,
            ExitCode = status.Exit?.Code ?? 0,
            OomKilled = status.Exit?.OomKilled ?? false,
            Message = status.Exit?.Message ?? "",
            Labels = labels,
            LogPath = status.Spec.LogPath ?? "",
            Resources = EngineContainerSpecs.Resources(status.Spec.Limits),
        };
    }

    private static async Task TryAsync(Func<Task> action)
    {
        try
        {
            await action();
        }
        catch (EngineException exception)
        {
            throw Failed(exception);
        }
    }

    private static RuntimeException Failed(Exception exception) => new(
        exception is ContainerNotFoundException ? RuntimeFailure.NotFound : RuntimeFailure.Failed, exception.Message, exception);

    private sealed class Events(IEventSubscription events) : IRuntimeEvents
    {
        public async ValueTask<RuntimeEvent> ReadAsync(CancellationToken cancellationToken)
        {
            while (true)
            {
                var happened = await events.ReadAsync(cancellationToken);
                var type = happened.Type switch
                {
                    EngineEventType.ContainerStarted => RuntimeEventType.ContainerStarted,
                    EngineEventType.ContainerDied => RuntimeEventType.ContainerExited,
                    EngineEventType.Lost => RuntimeEventType.Lost,
                    _ => (RuntimeEventType?)null,
                };
                if (type is { } known)
                {
                    return new RuntimeEvent(known, happened.Labels.GetValueOrDefault(SandboxLabel, ""), happened.Subject);
                }
            }
        }

        public void Dispose() => events.Dispose();
    }

    private sealed class Exec(IContainerExec exec) : IRuntimeExec
    {
        public Stream? Input => exec.Input;

        public Stream Output => exec.Output;

        public Stream? Error => exec.Error;

        public Task<int> Exited => exec.Exited;

        public Task ResizeAsync(int columns, int rows, CancellationToken cancellationToken) =>
            exec.ResizeAsync(new TerminalSize((ushort)columns, (ushort)rows), cancellationToken);

        public ValueTask DisposeAsync() => exec.DisposeAsync();
    }
}
