using Coxswain.Api;
using Coxswain.Client;
using Coxswain.Client.Events;
using Coxswain.Linux.Mounts;
using Coxswain.Node.Containers;
using Coxswain.Node.Files;
using Coxswain.Node.Objects;
using Coxswain.Node.Options;
using Coxswain.Node.Probes;
using Coxswain.Node.Runtime;
using Coxswain.Node.Volumes;
using Microsoft.Extensions.Logging;

namespace Coxswain.Node.Pods;

/// <summary>What all workers of a node share.</summary>
internal sealed record PodServices(
    NodeAgentOptions Options,
    NodePaths Paths,
    IKubeClient Client,
    IPodRuntime Runtime,
    IMounts Mounts,
    EventRecorder Events,
    WatchedPodObjects Watched,
    IPodTokens Tokens,
    IClaimedVolumes Claims,
    IReadOnlyDictionary<string, Quantity> Allocatable,
    PodSandboxes Sandboxes,
    ContainerStarter Starter,
    ContainerStopper Stopper,
    HookRunner Hooks,
    ProbeLoop Probes,
    TimeProvider Time,
    ILogger Logger)
{
    /// <summary>The word before <c>://</c> in a containerID.</summary>
    public string RuntimeName => Runtime.Version.Split(':')[0];

    public PodVolumes VolumesOf(string podUid) => new(
        podUid, Paths, new VolumeContent(Watched, new PodTokenCache(Tokens, Time), Options.NodeAddress, Allocatable), Claims, Mounts, Time);
}
