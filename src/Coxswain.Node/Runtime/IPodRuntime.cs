using System.Net.Sockets;

namespace Coxswain.Node.Runtime;

/// <summary>
/// What runs a node's containers, shaped like the CRI so that containerd or CRI-O can take the engine's place: sandboxes,
/// containers inside them, and images. All members are safe to call concurrently.
/// </summary>
public interface IPodRuntime
{
    Task<RuntimeVersion> VersionAsync(CancellationToken cancellationToken);

    /// <summary>Makes the sandbox and its network, or returns the one that is there. The id is the pod's UID.</summary>
    Task<SandboxStatus> RunPodSandboxAsync(SandboxConfig config, CancellationToken cancellationToken);

    /// <summary>Gives back the sandbox's network. Its containers must have exited. Idempotent.</summary>
    Task StopPodSandboxAsync(string sandboxId, CancellationToken cancellationToken);

    /// <summary>Gives all of a sandbox's containers together other limits.</summary>
    /// <exception cref="RuntimeException">The kernel refused.</exception>
    Task UpdatePodSandboxResourcesAsync(string sandboxId, ContainerResources resources, CancellationToken cancellationToken);

    /// <summary>Stops the sandbox and removes it with all its containers, killing what still runs. Idempotent.</summary>
    Task RemovePodSandboxAsync(string sandboxId, CancellationToken cancellationToken);

    /// <summary>Null when there is none.</summary>
    Task<SandboxStatus?> PodSandboxStatusAsync(string sandboxId, CancellationToken cancellationToken);

    Task<IReadOnlyList<SandboxStatus>> ListPodSandboxAsync(CancellationToken cancellationToken);

    /// <summary>Makes a container that does not run yet, and returns its id.</summary>
    /// <exception cref="RuntimeException">With <see cref="RuntimeFailure.Start"/> when its process could not be made.</exception>
    Task<string> CreateContainerAsync(string sandboxId, ContainerConfig config, CancellationToken cancellationToken);

    Task StartContainerAsync(string containerId, CancellationToken cancellationToken);

    /// <summary>
    /// Sends the stop signal, after <paramref name="grace"/> SIGKILL, and completes when the container has exited. Called
    /// again with a shorter grace, the shorter one holds.
    /// </summary>
    Task StopContainerAsync(string containerId, TimeSpan grace, CancellationToken cancellationToken);

    /// <summary>Gives a running container other limits.</summary>
    /// <exception cref="RuntimeException">The kernel refused; the container goes on as it was.</exception>
    Task UpdateContainerResourcesAsync(string containerId, ContainerResources resources, CancellationToken cancellationToken);

    /// <summary>Removes all traces but the log, killing first what still runs. Idempotent.</summary>
    Task RemoveContainerAsync(string containerId, CancellationToken cancellationToken);

    /// <summary>Null when there is none.</summary>
    Task<ContainerInfo?> ContainerStatusAsync(string containerId, CancellationToken cancellationToken);

    /// <summary>Every container of every sandbox, oldest first.</summary>
    Task<IReadOnlyList<ContainerInfo>> ListContainersAsync(CancellationToken cancellationToken);

    /// <summary>Starts and exits from now on. Subscribe first and list then, and nothing is missed.</summary>
    IRuntimeEvents GetContainerEvents();

    /// <summary>Runs a further process in a running container.</summary>
    Task<IRuntimeExec> ExecAsync(string containerId, ExecRequest request, CancellationToken cancellationToken);

    /// <summary>Joins the streams of a running container's first process, from now on.</summary>
    Task<IRuntimeAttach> AttachAsync(string containerId, CancellationToken cancellationToken);

    /// <summary>Connects to a port of the sandbox from inside it, so that also what listens on its loopback is reached.</summary>
    /// <exception cref="RuntimeException">Nobody listens there, or there is no such sandbox.</exception>
    Task<Socket> PortForwardAsync(string sandboxId, int port, CancellationToken cancellationToken);

    /// <summary>Use of memory and processor now; null when it does not run.</summary>
    Task<ContainerStats?> ContainerStatsAsync(string containerId, CancellationToken cancellationToken);

    /// <summary>Use of a sandbox as a whole now; null when there is none.</summary>
    Task<SandboxStats?> PodSandboxStatsAsync(string sandboxId, CancellationToken cancellationToken);

    /// <summary>What it has written to its own root, in bytes; 0 when there is no such container.</summary>
    Task<long> ContainerWritableBytesAsync(string containerId, CancellationToken cancellationToken);

    /// <summary>Has the log opened anew after it was renamed away.</summary>
    Task ReopenContainerLogAsync(string containerId, CancellationToken cancellationToken);

    /// <summary>Where the files of an image that is here are, as a pod's volume. They go when the sandbox is stopped. Idempotent.</summary>
    Task<string> MountImageAsync(string sandboxId, string name, string imageId, CancellationToken cancellationToken);

    /// <summary>The image of that name or digest here on the node, or null.</summary>
    /// <exception cref="RuntimeException">With <see cref="RuntimeFailure.InvalidImageName"/>.</exception>
    Task<ImageInfo?> ImageStatusAsync(string image, CancellationToken cancellationToken);

    /// <summary>Fetches the image from its registry, whether or not one of that name is here.</summary>
    Task<ImageInfo> PullImageAsync(string image, IReadOnlyList<ImageCredential> credentials, CancellationToken cancellationToken);

    Task<IReadOnlyList<ImageInfo>> ListImagesAsync(CancellationToken cancellationToken);

    /// <summary>Removes an image with all its names, unless a container was made of it. Idempotent.</summary>
    /// <exception cref="RuntimeException">A container was made of it.</exception>
    Task RemoveImageAsync(string imageId, CancellationToken cancellationToken);
}

/// <summary>One subscriber of <see cref="IPodRuntime.GetContainerEvents"/>.</summary>
public interface IRuntimeEvents : IDisposable
{
    ValueTask<RuntimeEvent> ReadAsync(CancellationToken cancellationToken);
}

/// <summary>A process started by <see cref="IPodRuntime.ExecAsync"/>. Disposing kills what still runs.</summary>
public interface IRuntimeExec : IAsyncDisposable
{
    /// <summary>Null unless asked for; dispose it to send end of file.</summary>
    Stream? Input { get; }

    Stream Output { get; }

    /// <summary>Null with a terminal.</summary>
    Stream? Error { get; }

    Task<int> Exited { get; }

    Task ResizeAsync(int columns, int rows, CancellationToken cancellationToken);
}
