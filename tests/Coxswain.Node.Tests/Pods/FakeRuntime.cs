using System.Net.Sockets;
using System.Threading.Channels;
using Coxswain.Node.Runtime;

namespace Coxswain.Node.Tests.Pods;

/// <summary>A runtime in memory: containers run until a test ends them. A test may hold up, or fail, each call.</summary>
internal sealed class FakeRuntime(TimeProvider time) : IPodRuntime
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, SandboxStatus> _sandboxes = [];
    private readonly Dictionary<string, ContainerInfo> _containers = [];
    private readonly Dictionary<string, TaskCompletionSource> _stopping = [];
    private readonly List<Channel<RuntimeEvent>> _subscribers = [];
    private readonly List<string> _calls = [];
    private readonly List<ContainerConfig> _made = [];
    private int _ids;

    /// <summary>Awaited before each call with its name and what it is about (a container's name, a sandbox's id, an image).</summary>
    public Func<string, string, CancellationToken, Task>? Before { get; set; }

    /// <summary>Containers that do not heed the stop signal.</summary>
    public HashSet<string> Deaf { get; } = [];

    /// <summary>Images that are here; pulling brings others, unless <see cref="Before"/> throws.</summary>
    public Dictionary<string, ImageInfo> Images { get; } = [];

    /// <summary>What containers were made of, in order.</summary>
    public IReadOnlyList<ContainerConfig> Made
    {
        get
        {
            lock (_lock)
            {
                return [.. _made];
            }
        }
    }

    /// <summary>How often the first sandbox was asked for.</summary>
    public int Looks { get; private set; }

    /// <summary>Calls so far, as <c>StartContainer web</c>.</summary>
    public IReadOnlyList<string> Calls
    {
        get
        {
            lock (_lock)
            {
                return [.. _calls];
            }
        }
    }

    public Task<RuntimeVersion> VersionAsync(CancellationToken cancellationToken) => Task.FromResult(new RuntimeVersion("fake", "1"));

    public async Task<SandboxStatus> RunPodSandboxAsync(SandboxConfig config, CancellationToken cancellationToken)
    {
        await BeginAsync("RunPodSandbox", config.Id, cancellationToken);
        lock (_lock)
        {
            return _sandboxes[config.Id] = new SandboxStatus(config, true, config.HostNetwork ? [] : ["10.244.0.7"]);
        }
    }

    public async Task StopPodSandboxAsync(string sandboxId, CancellationToken cancellationToken)
    {
        await BeginAsync("StopPodSandbox", sandboxId, cancellationToken);
        LoseSandbox(sandboxId);
    }

    public async Task RemovePodSandboxAsync(string sandboxId, CancellationToken cancellationToken)
    {
        await BeginAsync("RemovePodSandbox", sandboxId, cancellationToken);
        lock (_lock)
        {
            _sandboxes.Remove(sandboxId);
            foreach (var container in _containers.Values.Where(container => container.SandboxId == sandboxId).ToList())
            {
                _containers.Remove(container.Id);
            }
        }
    }

    public Task<SandboxStatus?> PodSandboxStatusAsync(string sandboxId, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            Looks += _sandboxes.Keys.FirstOrDefault() == sandboxId ? 1 : 0;
            return Task.FromResult(_sandboxes.GetValueOrDefault(sandboxId));
        }
    }

    public Task<IReadOnlyList<SandboxStatus>> ListPodSandboxAsync(CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            return Task.FromResult<IReadOnlyList<SandboxStatus>>([.. _sandboxes.Values]);
        }
    }

    public async Task<string> CreateContainerAsync(string sandboxId, ContainerConfig config, CancellationToken cancellationToken)
    {
        await BeginAsync("CreateContainer", config.Name, cancellationToken);
        lock (_lock)
        {
            var id = $"c{++_ids}";
            _made.Add(config);
            _containers[id] = new ContainerInfo(
                id, sandboxId, config.Name, config.Attempt, config.Image, "sha256:1", ContainerRunState.Created, time.GetUtcNow())
            {
                Labels = config.Labels,
                LogPath = config.LogPath,
                Resources = config.Resources,
            };
            return id;
        }
    }

    public async Task StartContainerAsync(string containerId, CancellationToken cancellationToken)
    {
        await BeginAsync("StartContainer", NameOf(containerId), cancellationToken);
        Change(containerId, info => info with { State = ContainerRunState.Running, StartedAt = time.GetUtcNow() });
        Tell(RuntimeEventType.ContainerStarted, containerId);
    }

    public async Task UpdateContainerResourcesAsync(string containerId, ContainerResources resources, CancellationToken cancellationToken)
    {
        await BeginAsync("UpdateContainerResources", NameOf(containerId), cancellationToken);
        Change(containerId, info => info with { Resources = resources });
    }

    public Task UpdatePodSandboxResourcesAsync(string sandboxId, ContainerResources resources, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            var sandbox = _sandboxes[sandboxId];
            _sandboxes[sandboxId] = sandbox with { Config = sandbox.Config with { Resources = resources } };
            return Task.CompletedTask;
        }
    }

    public Task<long> ContainerWritableBytesAsync(string containerId, CancellationToken cancellationToken) => Task.FromResult(0L);

    public Task<string> MountImageAsync(string sandboxId, string name, string imageId, CancellationToken cancellationToken) =>
        Task.FromResult($"/images/{imageId}");

    public async Task StopContainerAsync(string containerId, TimeSpan grace, CancellationToken cancellationToken)
    {
        await BeginAsync("StopContainer", NameOf(containerId), cancellationToken);
        TaskCompletionSource ended;
        lock (_lock)
        {
            if (_containers.GetValueOrDefault(containerId) is not { State: ContainerRunState.Running } running)
            {
                return;
            }

            if (!_stopping.TryGetValue(containerId, out ended!))
            {
                _stopping[containerId] = ended = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            }

            if (Deaf.Contains(running.Name) && grace > TimeSpan.Zero)
            {
                _ = Task.Delay(grace, time, CancellationToken.None).ContinueWith(_ => End(containerId, 137), TaskScheduler.Default);
            }
        }

        if (!Deaf.Contains(NameOf(containerId)) || grace <= TimeSpan.Zero)
        {
            End(containerId, grace <= TimeSpan.Zero ? 137 : 0);
        }

        await ended.Task.WaitAsync(cancellationToken);
    }

    public async Task RemoveContainerAsync(string containerId, CancellationToken cancellationToken)
    {
        await BeginAsync("RemoveContainer", NameOf(containerId), cancellationToken);
        lock (_lock)
        {
            _containers.Remove(containerId);
        }
    }

    public Task<ContainerInfo?> ContainerStatusAsync(string containerId, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            return Task.FromResult(_containers.GetValueOrDefault(containerId));
        }
    }

    public async Task<IReadOnlyList<ContainerInfo>> ListContainersAsync(CancellationToken cancellationToken)
    {
        await BeginAsync("ListContainers", "", cancellationToken);
        lock (_lock)
        {
            return [.. _containers.Values];
        }
    }

    public IRuntimeEvents GetContainerEvents()
    {
        var channel = Channel.CreateUnbounded<RuntimeEvent>();
        lock (_lock)
        {
            _subscribers.Add(channel);
        }

        return new Events(channel.Reader);
    }

    public async Task<IRuntimeExec> ExecAsync(string containerId, ExecRequest request, CancellationToken cancellationToken)
    {
        await BeginAsync("Exec", NameOf(containerId), cancellationToken);
        throw new RuntimeException(RuntimeFailure.Start, "nothing runs here");
    }

    public Task<IRuntimeAttach> AttachAsync(string containerId, CancellationToken cancellationToken) =>
        throw new RuntimeException(RuntimeFailure.NotFound, "nothing runs here");

    public Task<Socket> PortForwardAsync(string sandboxId, int port, CancellationToken cancellationToken) =>
        throw new RuntimeException(RuntimeFailure.NotFound, "nothing listens here");

    public Task<ContainerStats?> ContainerStatsAsync(string containerId, CancellationToken cancellationToken) =>
        Task.FromResult<ContainerStats?>(null);

    public Task<SandboxStats?> PodSandboxStatsAsync(string sandboxId, CancellationToken cancellationToken) => Task.FromResult<SandboxStats?>(null);

    public Task ReopenContainerLogAsync(string containerId, CancellationToken cancellationToken) => Task.CompletedTask;

    public Task<ImageInfo?> ImageStatusAsync(string image, CancellationToken cancellationToken) =>
        Task.FromResult(Images.GetValueOrDefault(image));

    public async Task<ImageInfo> PullImageAsync(string image, IReadOnlyList<ImageCredential> credentials, CancellationToken cancellationToken)
    {
        await BeginAsync("PullImage", image, cancellationToken);
        return Images[image] = new ImageInfo("sha256:" + image, [image], [], 1, "", "");
    }

    public Task<IReadOnlyList<ImageInfo>> ListImagesAsync(CancellationToken cancellationToken) =>
        Task.FromResult<IReadOnlyList<ImageInfo>>([.. Images.Values]);

    public async Task RemoveImageAsync(string imageId, CancellationToken cancellationToken)
    {
        await BeginAsync("RemoveImage", imageId, cancellationToken);
        foreach (var (name, image) in Images.Where(entry => entry.Value.Id == imageId).ToList())
        {
            Images.Remove(name);
        }
    }

    /// <summary>The newest container of that name, however it is.</summary>
    public ContainerInfo? Newest(string name)
    {
        lock (_lock)
        {
            return _containers.Values.Where(container => container.Name == name).MaxBy(container => container.Attempt);
        }
    }

    /// <summary>Its process ends.</summary>
    public void End(string containerId, int exitCode)
    {
        lock (_lock)
        {
            if (_containers.GetValueOrDefault(containerId) is not { State: not ContainerRunState.Exited } running)
            {
                return;
            }

            _containers[containerId] = running with { State = ContainerRunState.Exited, ExitCode = exitCode, FinishedAt = time.GetUtcNow() };
            if (_stopping.Remove(containerId, out var stopping))
            {
                stopping.SetResult();
            }
        }

        Tell(RuntimeEventType.ContainerExited, containerId);
    }

    /// <summary>Its network goes, as with a reboot.</summary>
    public void LoseSandbox(string sandboxId)
    {
        lock (_lock)
        {
            if (_sandboxes.GetValueOrDefault(sandboxId) is { } sandbox)
            {
                _sandboxes[sandboxId] = sandbox with { Ready = false };
            }
        }
    }

    /// <summary>Has everybody look again.</summary>
    public void TellLost()
    {
        lock (_lock)
        {
            _subscribers.ForEach(subscriber => subscriber.Writer.TryWrite(new RuntimeEvent(RuntimeEventType.Lost, "", "")));
        }
    }

    /// <summary>Whoever listens for events now hears of a failure instead.</summary>
    public void FailEvents(Exception failure)
    {
        lock (_lock)
        {
            _subscribers.ForEach(subscriber => subscriber.Writer.Complete(failure));
            _subscribers.Clear();
        }
    }

    private async Task BeginAsync(string call, string about, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            _calls.Add($"{call} {about}");
        }

        if (Before is { } before)
        {
            await before(call, about, cancellationToken);
        }
    }

    private string NameOf(string containerId)
    {
        lock (_lock)
        {
            return _containers.GetValueOrDefault(containerId)?.Name ?? "";
        }
    }

    private void Change(string containerId, Func<ContainerInfo, ContainerInfo> change)
    {
        lock (_lock)
        {
            _containers[containerId] = change(_containers[containerId]);
        }
    }

    private void Tell(RuntimeEventType type, string containerId)
    {
        lock (_lock)
        {
            var sandbox = _containers.GetValueOrDefault(containerId)?.SandboxId ?? "";
            _subscribers.ForEach(subscriber => subscriber.Writer.TryWrite(new RuntimeEvent(type, sandbox, containerId)));
        }
    }

    private sealed class Events(ChannelReader<RuntimeEvent> reader) : IRuntimeEvents
    {
        public async ValueTask<RuntimeEvent> ReadAsync(CancellationToken cancellationToken)
        {
            try
            {
                return await reader.ReadAsync(cancellationToken);
            }
            catch (ChannelClosedException exception)
            {
                throw exception.InnerException!; // Closed by a failure only.
            }
        }

        public void Dispose()
        {
        }
    }
}
