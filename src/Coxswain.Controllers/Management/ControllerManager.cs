using Coxswain.Client;
using Coxswain.Client.Events;
using Coxswain.Client.Informers;
using Coxswain.Controllers.Apps;
using Coxswain.Controllers.Autoscaling;
using Coxswain.Controllers.Batch;
using Coxswain.Controllers.Core;
using Coxswain.Controllers.DaemonSets;
using Coxswain.Controllers.GarbageCollection;
using Coxswain.Controllers.Nodes;
using Coxswain.Controllers.Policy;
using Coxswain.Controllers.Quota;
using Coxswain.Controllers.Scheduling;
using Coxswain.Controllers.StatefulSets;
using Coxswain.Controllers.Storage;
using Microsoft.Extensions.Logging;

namespace Coxswain.Controllers.Management;

/// <summary>Every controller of the cluster and the scheduler, each under its own identity, over one set of caches.</summary>
public sealed class ControllerManager
{
    /// <summary>Whom the shared caches and the controllers' Events belong to.</summary>
    public const string User = ControllerUsers.Manager;

    /// <summary>Whom the Bindings and Events of the scheduler belong to.</summary>
    public const string SchedulerUser = ControllerUsers.Scheduler;

    private readonly SupervisedPart[] _parts;

    /// <param name="clients">Whom each part acts as.</param>
    /// <param name="discovery">What is served: kinds may come and go.</param>
    /// <param name="informers">Made with the client of <see cref="User"/>, and run by its owner, who may share it.</param>
    public ControllerManager(
        IKubeClientSource clients, IKubeDiscovery discovery, InformerFactory informers, TimeProvider time, Random random,
        ILoggerFactory loggerFactory, ControllerOptions options)
    {
        var logger = loggerFactory.CreateLogger<ControllerManager>();
        var events = new EventBroadcaster(clients.ForUser(User), time, loggerFactory.CreateLogger<EventBroadcaster>());
        var schedulerEvents = new EventBroadcaster(clients.ForUser(SchedulerUser), time, loggerFactory.CreateLogger<EventBroadcaster>());
        var context = new ControllerContext(clients, informers, discovery, events, time, loggerFactory);
        SupervisedPart Part(string name, Func<CancellationToken, Task> run) => new(name, run, time, logger);
        _parts =
        [
            Part("events", events.RunAsync),
            Part("scheduler-events", schedulerEvents.RunAsync),
            Part("scheduler", new SchedulingController(context with { Events = schedulerEvents }, random).RunAsync),
            Part("deployment-controller", new DeploymentController(context).RunAsync),
            Part("replicaset-controller", new ReplicaSetController(context).RunAsync),
            Part("replication-controller", new ReplicationControllerController(context).RunAsync),
            Part("statefulset-controller", new StatefulSetController(context).RunAsync),
            Part("daemonset-controller", new DaemonSetController(context).RunAsync),
            Part("job-controller", new JobController(context).RunAsync),
            Part("ttl-after-finished-controller", new TtlAfterFinishedController(context).RunAsync),
            Part("cronjob-controller", new CronJobController(context).RunAsync),
            Part("persistentvolumeclaim-controller", new ClaimController(context, options.VolumeFolders).RunAsync),
            Part("persistentvolume-controller", new VolumeController(context, options.VolumeFolders).RunAsync),
            Part("pvc-protection-controller", new ClaimProtectionController(context).RunAsync),
            Part("pv-protection-controller", new VolumeProtectionController(context).RunAsync),
            Part("ephemeral-volume-controller", new EphemeralVolumeController(context).RunAsync),
            Part("expand-controller", new ExpandController(context).RunAsync),
            Part("resourcequota-controller", new ResourceQuotaController(context).RunAsync),
            Part("horizontal-pod-autoscaler", new HorizontalPodAutoscalerController(context).RunAsync),
            Part("disruption-controller", new DisruptionController(context).RunAsync),
            Part("endpointslice-controller", new EndpointsController(context).RunAsync),
            Part("endpointslicemirroring-controller", new EndpointMirrorController(context).RunAsync),
            Part("namespace-controller", new NamespaceController(context).RunAsync),
            Part("service-account-controller", new NamespaceDefaultsController(context, options.RootCertificates).RunAsync),
            Part("clusterrole-aggregation-controller", new ClusterRoleAggregationController(context).RunAsync),
            Part("node-controller", new NodeLifecycleController(context, options.NodeMonitorGracePeriod).RunAsync),
            Part("taint-eviction-controller", new TaintEvictionController(context).RunAsync),
            Part("pod-garbage-collector", new PodGarbageController(context, options).RunAsync),
            Part("generic-garbage-collector", new GarbageCollector(context).RunAsync),
        ];
    }

    /// <summary>How every part fares, for <c>/healthz</c>: one that is not running has failed and waits to be started again.</summary>
    public IReadOnlyList<ControllerStatus> Status => [.. _parts.Select(part => part.Status)];

    /// <summary>Runs until cancelled, and returns when every part has stopped. A part that fails is started again.</summary>
    public Task RunAsync(CancellationToken cancellationToken) => Task.WhenAll(_parts.Select(part => part.RunAsync(cancellationToken)));
}
