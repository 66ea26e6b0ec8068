using Coxswain.Client;
using Coxswain.Client.Events;
using Coxswain.Client.Informers;
using Coxswain.Controllers.Apps;
using Coxswain.Controllers.Core;
using Coxswain.Controllers.GarbageCollection;
using Coxswain.Controllers.Nodes;
using Coxswain.Controllers.Scheduling;
using Microsoft.Extensions.Logging;

namespace Coxswain.Controllers;

/// <summary>Every controller of the cluster and the scheduler, over one client and one set of caches.</summary>
public sealed class ControllerManager
{
    private readonly EventBroadcaster _events;
    private readonly IController[] _controllers;

    /// <param name="informers">Run by its owner, who may share it with other parts of the process.</param>
    public ControllerManager(
        IKubeClient client, InformerFactory informers, TimeProvider time, Random random, ILoggerFactory loggerFactory, ControllerOptions options)
    {
        _events = new EventBroadcaster(client, time, loggerFactory.CreateLogger<EventBroadcaster>());
        var context = new ControllerContext(client, informers, _events, time, loggerFactory);
        _controllers =
        [
            new SchedulingController(context, random),
            new DeploymentController(context),
            new ReplicaSetController(context),
            new ReplicationControllerController(context),
            new EndpointsController(context),
            new NamespaceController(context),
            new ClusterRoleAggregationController(context),
            new NamespaceDefaultsController(context, options.RootCertificates),
            new NodeLifecycleController(context, options.NodeMonitorGracePeriod),
            new TaintEvictionController(context),
            new PodGarbageController(context, options),
            new GarbageCollector(context),
        ];
    }

    /// <summary>Runs until cancelled, and returns when every controller has stopped.</summary>
    public Task RunAsync(CancellationToken cancellationToken) =>
        Task.WhenAll(_controllers.Select(controller => RunAsync(controller, cancellationToken)).Append(_events.RunAsync(cancellationToken)));

    private static async Task RunAsync(IController controller, CancellationToken cancellationToken)
    {
        try
        {
            await controller.RunAsync(cancellationToken);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // Stopped while it waited for its caches.
        }
    }
}
