using Coxswain.Engine.Containers;
using Coxswain.Engine.Hosting;
using Coxswain.Engine.Sandboxes;

namespace Coxswain.Node.Runtime;

/// <summary>
/// What a pod's containers share, on our own engine: namespaces that are pinned without a process, /dev/shm, and for a pod with one process
/// namespace a first process in it.
/// </summary>
/// <param name="directory">Where sandboxes are remembered.</param>
internal sealed class EngineSandboxes(ContainerEngine engine, IPodNetwork network, string directory)
{
    /// <summary>The sandbox of a container.</summary>
    public const string Label = "coxswain.dev/sandbox";

    private const string PauseLabel = "coxswain.dev/pause";
    private const string HostShm = "/dev/shm";

    /// <summary>What containerd gives a sandbox.</summary>
    private const long SharedMemoryBytes = 64 * 1024 * 1024;

    /// <summary>The kernel takes every container of a pod before it, as in the kubelet.</summary>
    private const int PauseOomScore = -998;

    private readonly SandboxFiles _files = new(Path.Combine(directory, "sandboxes"));
    private readonly string _pauseRoot = Path.Combine(directory, "pause");
    private readonly Lock _pauseWriting = new();

    /// <summary>Not one of a pod's own, but what holds its namespaces.</summary>
    public static bool IsPause(ContainerStatus container) => container.Spec.Labels.ContainsKey(PauseLabel);

    public SandboxConfig? Find(string sandboxId) => _files.Find(sandboxId);

    public async Task<SandboxStatus> RunAsync(SandboxConfig config, CancellationToken cancellationToken)
    {
        engine.Groups.Set(config.CgroupParent, EngineContainerSpecs.Limits(config.Resources));
        if (!config.HostNetwork)
        {
            await network.AddAsync(config.Id, config.Hostname, config.Sysctls, cancellationToken);
        }
        else if (!config.HostIpc)
        {
            await engine.Sandboxes.EnsureAsync(config.Id, config.Sysctls, SharedMemoryBytes, cancellationToken);
        }

        if (config.ShareProcessNamespace)
        {
            await RunPauseAsync(config, cancellationToken);
        }

        _files.Write(config);
        return await StatusAsync(config, cancellationToken);
    }

    /// <summary>Gives back all but what is remembered. Its containers must have exited.</summary>
    public async Task StopAsync(string sandboxId, CancellationToken cancellationToken)
    {
        await engine.Containers.RemoveAsync(PauseId(sandboxId), cancellationToken);
        await network.DeleteAsync(sandboxId, cancellationToken);
        await engine.Sandboxes.RemoveAsync(sandboxId, cancellationToken);

        // A sandbox that was cut short in being made has a group, and nothing that says so.
        engine.Groups.Remove(Find(sandboxId)?.CgroupParent ?? SandboxConfig.CgroupOf(sandboxId));
    }

    /// <exception cref="RuntimeException">There is no such sandbox.</exception>
    public void Update(string sandboxId, ContainerResources resources)
    {
        var config = Find(sandboxId) ?? throw new RuntimeException(RuntimeFailure.NotFound, $"no such sandbox: {sandboxId}");
        engine.Groups.Set(config.CgroupParent, EngineContainerSpecs.Limits(resources));
        _files.Write(config with { Resources = resources });
    }

    public void Forget(string sandboxId) => _files.Remove(sandboxId);

    public async Task<SandboxStatus?> FindStatusAsync(string sandboxId, CancellationToken cancellationToken) =>
        Find(sandboxId) is { } config ? await StatusAsync(config, cancellationToken) : null;

    public async Task<IReadOnlyList<SandboxStatus>> ListAsync(CancellationToken cancellationToken) =>
        await Task.WhenAll(_files.List().Select(config => StatusAsync(config, cancellationToken)));

    /// <summary>What a container of the sandbox joins.</summary>
    /// <exception cref="RuntimeException">It is not there (any more).</exception>
    public async Task<SandboxSpaces> JoinAsync(SandboxConfig config, CancellationToken cancellationToken)
    {
        var spaces = await SpacesAsync(config, cancellationToken);
        if (config.HostPid)
        {
            return spaces.WithPid(ContainerNamespaces.Host);
        }

        return config.ShareProcessNamespace ? spaces.WithPid(PidNamespace(PauseId(config.Id))) : spaces;
    }

    /// <summary>The pid namespace of a running container.</summary>
    /// <exception cref="RuntimeException">It does not run.</exception>
    public string PidNamespace(string containerId) =>
        engine.Containers.Inspect(containerId) is { State: ContainerState.Running, Pid: > 0 and var pid }
            ? $"/proc/{pid}/ns/pid"
            : throw new RuntimeException(RuntimeFailure.NotFound, $"container {containerId} does not run: its process namespace cannot be shared");

    private async Task<SandboxSpaces> SpacesAsync(SandboxConfig config, CancellationToken cancellationToken)
    {
        if (!config.HostNetwork)
        {
            var attachment = await network.CheckAsync(config.Id, cancellationToken)
                ?? throw new RuntimeException(RuntimeFailure.Failed, $"sandbox {config.Id} has no network");
            return new SandboxSpaces(
                new ContainerNamespaces
                {
                    Network = attachment.NetworkNamespace,
                    Uts = attachment.UtsNamespace,
                    Ipc = config.HostIpc ? ContainerNamespaces.Host : attachment.IpcNamespace,
                },
                config.HostIpc ? HostShm : attachment.SharedMemory);
        }

        var host = new ContainerNamespaces { Network = ContainerNamespaces.Host, Uts = ContainerNamespaces.Host, Ipc = ContainerNamespaces.Host };
        if (config.HostIpc)
        {
            return new SandboxSpaces(host, HostShm);
        }

        var sandbox = engine.Sandboxes.Find(config.Id) ?? throw new RuntimeException(RuntimeFailure.Failed, $"sandbox {config.Id} has no namespaces");
        return new SandboxSpaces(host with { Ipc = sandbox.IpcNamespacePath }, sandbox.ShmPath);
    }

    private async Task<SandboxStatus> StatusAsync(SandboxConfig config, CancellationToken cancellationToken)
    {
        var isReady = _files.IsOfThisBoot(config.Id)
            && (!config.ShareProcessNamespace || engine.Containers.Inspect(PauseId(config.Id)) is { State: ContainerState.Running });
        if (config.HostNetwork)
        {
            return new SandboxStatus(config, isReady && (config.HostIpc || engine.Sandboxes.Find(config.Id) is not null), []);
        }

        var attachment = await network.CheckAsync(config.Id, cancellationToken);
        return new SandboxStatus(config, isReady && attachment is not null, attachment?.Addresses ?? []);
    }

    private async Task RunPauseAsync(SandboxConfig config, CancellationToken cancellationToken)
    {
        var id = PauseId(config.Id);
        if (engine.Containers.Inspect(id) is { State: ContainerState.Running })
        {
            return;
        }

        lock (_pauseWriting)
        {
            PauseProgram.WriteRoot(_pauseRoot);
        }

        await engine.Containers.RemoveAsync(id, cancellationToken); // One that has ended, or was cut short in being made.
        var spaces = await SpacesAsync(config, cancellationToken);
        await engine.Containers.CreateAsync(
            new ContainerSpec
            {
                Id = id,
                Name = $"pause.{config.Name}.{config.Namespace}",
                Labels = new Dictionary<string, string> { [Label] = config.Id, [PauseLabel] = "true" },
                Root = RootFilesystem.FromDirectory(_pauseRoot),
                Args = [PauseProgram.Path],
                Namespaces = spaces.Namespaces,
                ShmPath = spaces.SharedMemory,
                CgroupParent = config.CgroupParent,
                ReadonlyRootfs = true,
                NoNewPrivileges = true,
                CapabilitiesDrop = ["ALL"],
                OomScoreAdj = PauseOomScore,
            },
            cancellationToken);
        await engine.Containers.StartAsync(id, cancellationToken);
    }

    private static string PauseId(string sandboxId) => "pause-" + sandboxId;
}

/// <param name="SharedMemory">A directory for /dev/shm; null for one a container.</param>
internal sealed record SandboxSpaces(ContainerNamespaces Namespaces, string? SharedMemory)
{
    public SandboxSpaces WithPid(string path) => this with { Namespaces = Namespaces with { Pid = path } };
}
