using Coxswain.Api.Core.V1;
using Coxswain.Client;
using Coxswain.Client.Events;
using Coxswain.Node.Containers;
using Coxswain.Node.Files;
using Coxswain.Node.Objects;
using Coxswain.Node.Planning;
using Coxswain.Node.Probes;
using Coxswain.Node.Runtime;
using Coxswain.Node.Volumes;
using Microsoft.Extensions.Logging;

namespace Coxswain.Node.Pods;

/// <summary>Makes workers, and gives each phase of a pod's life what it uses of what the node's pods share.</summary>
internal sealed class PodWorkerFactory(
    IKubeClient client, IPodRuntime runtime, NodePaths paths, NodeVolumes volumes, WatchedPodObjects objects, PodSandboxes sandboxes,
    ContainerStarter starter, ContainerStopper stopper, HookRunner hooks, ProbeLoop probes, EventRecorder events, string nodeAddress,
    TimeProvider time, ILogger logger)
{
    /// <param name="runtimeName">The word before <c>://</c> in a containerID.</param>
    /// <param name="rejection">Why the node does not take the pod; null when it does.</param>
    /// <param name="adopted">What an earlier agent left of it.</param>
    /// <param name="statuses">Where its status is written; null for where those of the API's own pods are.</param>
    /// <param name="admitResize">Why the node cannot give the pod what it asks for now; null when it can.</param>
    public PodWorker Create(
        string runtimeName, Pod pod, PodFailure? rejection, IReadOnlyList<ContainerInfo> adopted, IPodStatuses? statuses,
        Func<Pod, PodFailure?> admitResize)
    {
        var uid = pod.Metadata.Uid;
        var signal = new Signal();
        var operations = new PodOperations($"{pod.Metadata.Namespace}/{pod.Metadata.Name}", signal, time, logger);
        var report = new PodReport(pod, statuses ?? new ApiPodStatuses(client));
        var phases = new PodPhases(
            new VolumesPhase(volumes.Of(uid), objects, operations, events, time),
            new SandboxPhase(uid, sandboxes, runtime, operations, events, time),
            new PodContainers(pod, adopted, runtime, new TerminatedStates(paths, runtimeName), probes, operations, events, time),
            new StartPhase(runtime, starter, hooks, paths, nodeAddress, operations, events, time),
            new StopPhase(stopper, operations),
            new ResizePhase(runtime, admitResize, operations, events, time),
            new StatusPhase(report, operations),
            new CleanUpPhase(uid, report, runtime, volumes, paths, client, operations, time));
        return new PodWorker(
            report, phases, new PodStatusBuilder(runtimeName, nodeAddress), operations, signal, rejection, events, time, logger);
    }
}
