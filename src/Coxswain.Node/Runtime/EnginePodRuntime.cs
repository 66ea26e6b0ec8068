using System.Net.Sockets;
using Coxswain.Engine;
using Coxswain.Engine.Containers;
using Coxswain.Engine.Events;
using Coxswain.Engine.Images;
using Coxswain.Engine.Images.Registry;
using Coxswain.Engine.Images.Stores;
using Coxswain.Linux.Mounts;
using Coxswain.Linux.Namespaces;
using EngineContainerStatus = Coxswain.Engine.Containers.ContainerStatus;

namespace Coxswain.Node.Runtime;

/// <summary>Runs pods on our own engine.</summary>
/// <param name="directory">Where sandboxes are remembered.</param>
/// <param name="puller">Null when there is no registry to pull from.</param>
public sealed class EnginePodRuntime(
    IContainers containers, ImageStore images, IPodNetwork network, IMounts mounts, string directory, IImagePuller? puller = null)
    : IPodRuntime
{
    private const string HostShm = "/dev/shm";
    private const string SandboxLabel = "coxswain.dev/sandbox";
    private const string NameLabel = "coxswain.dev/container";
    private const string AttemptLabel = "coxswain.dev/attempt";
    private const string ImageLabel = "coxswain.dev/image";
    private const string ImageIdLabel = "coxswain.dev/image-id";

    private readonly SandboxFiles _sandboxes = new(Path.Combine(directory, "sandboxes"));
    private readonly SandboxSockets _sockets = new(new KernelNamespaces());
    private readonly SandboxShm _shm = new(Path.Combine(directory, "shm"), mounts);

    public Task<RuntimeVersion> VersionAsync(CancellationToken cancellationToken) => Task.FromResult(new RuntimeVersion("coxswain", "0.1.0"));

    public async Task<SandboxStatus> RunPodSandboxAsync(SandboxConfig config, CancellationToken cancellationToken)
    {
        if (!config.HostNetwork)
        {
            await network.AddAsync(config.Id, config.Hostname, config.Sysctls, cancellationToken);
        }

        if (!config.HostIpc)
        {
            _shm.Make(config.Id);
        }

        _sandboxes.Write(config);
        return await StatusAsync(config, cancellationToken);
    }

    public async Task StopPodSandboxAsync(string sandboxId, CancellationToken cancellationToken)
    {
        try
        {
            await network.DeleteAsync(sandboxId, cancellationToken);
            _shm.Remove(sandboxId);
        }
        catch (EngineException exception)
        {
            throw Failed(exception);
        }
    }

    public async Task RemovePodSandboxAsync(string sandboxId, CancellationToken cancellationToken)
    {
        var own = containers.List().Where(container => container.Spec.Labels.GetValueOrDefault(SandboxLabel) == sandboxId);
        await Task.WhenAll(own.Select(container => RemoveContainerAsync(container.Id, cancellationToken)));
        await StopPodSandboxAsync(sandboxId, cancellationToken);
        _sandboxes.Remove(sandboxId);
    }

    public async Task<SandboxStatus?> PodSandboxStatusAsync(string sandboxId, CancellationToken cancellationToken) =>
        _sandboxes.Find(sandboxId) is { } config ? await StatusAsync(config, cancellationToken) : null;

    public async Task<IReadOnlyList<SandboxStatus>> ListPodSandboxAsync(CancellationToken cancellationToken) =>
        await Task.WhenAll(_sandboxes.List().Select(config => StatusAsync(config, cancellationToken)));

    public async Task<string> CreateContainerAsync(string sandboxId, ContainerConfig config, CancellationToken cancellationToken)
    {
        var sandbox = _sandboxes.Find(sandboxId)
            ?? throw new RuntimeException(RuntimeFailure.NotFound, $"no such sandbox: {sandboxId}");
        try
        {
            var image = await images.FindAsync(config.Image, cancellationToken)
                ?? throw new RuntimeException(RuntimeFailure.ImageNotFound, $"image \"{config.Image}\" is not here");
            using var lease = await images.LeaseAsync(image, cancellationToken);
            var attachment = await network.CheckAsync(sandboxId, cancellationToken);
            var spec = EngineContainerSpecs.Build(sandbox, attachment, config, image, lease.LayerDirectories);
            var created = await containers.CreateAsync(
                spec with
                {
                    ShmPath = sandbox.HostIpc ? HostShm : _shm.PathOf(sandboxId),
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
            await containers.PrepareAsync(containerId, cancellationToken);
        }
        catch
        {
            await containers.RemoveAsync(containerId, CancellationToken.None);
            throw;
        }
    }

    public Task StartContainerAsync(string containerId, CancellationToken cancellationToken) =>
        TryAsync(() => containers.StartAsync(containerId, cancellationToken));

    public Task StopContainerAsync(string containerId, TimeSpan grace, CancellationToken cancellationToken) =>
        TryAsync(() => containers.StopAsync(containerId, grace, cancellationToken));

    public Task RemoveContainerAsync(string containerId, CancellationToken cancellationToken) =>
        TryAsync(() => containers.RemoveAsync(containerId, cancellationToken));

    public Task<ContainerInfo?> ContainerStatusAsync(string containerId, CancellationToken cancellationToken) =>
        Task.FromResult(containers.Inspect(containerId) is { } status ? Info(status) : null);

    public Task<IReadOnlyList<ContainerInfo>> ListContainersAsync(CancellationToken cancellationToken) =>
        Task.FromResult<IReadOnlyList<ContainerInfo>>(
            [.. containers.List().Where(status => status.Spec.Labels.ContainsKey(SandboxLabel)).Select(Info)]);

    public IRuntimeEvents GetContainerEvents() => new Events(containers.Events.Subscribe());

    public async Task<IRuntimeExec> ExecAsync(string containerId, ExecRequest request, CancellationToken cancellationToken)
    {
        try
        {
            return new Exec(await containers.ExecAsync(
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
            return containers.Inspect(containerId) is { State: ContainerState.Running } status
                ? new EngineAttach(containers, containerId, await containers.AttachAsync(containerId, cancellationToken), status.Spec.Stdin)
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
        Task.FromResult(containers.ReadUsage(containerId) is { } usage
            ? new ContainerStats(
                usage.Time, usage.CpuNanoseconds, usage.MemoryBytes, usage.WorkingSetBytes, usage.RssBytes, usage.MemoryLimitBytes, usage.Pids)
            : null);

    public Task ReopenContainerLogAsync(string containerId, CancellationToken cancellationToken) =>
        Task.CompletedTask; // The engine rotates logs itself.

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

    private async Task<SandboxStatus> StatusAsync(SandboxConfig config, CancellationToken cancellationToken)
    {
        var isOfThisBoot = _sandboxes.IsOfThisBoot(config.Id);
        if (config.HostNetwork)
        {
            return new SandboxStatus(config, isOfThisBoot, []);
        }

        var attachment = await network.CheckAsync(config.Id, cancellationToken);
        return new SandboxStatus(config, isOfThisBoot && attachment is not null, attachment?.Addresses ?? []);
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
