using Coxswain.Api.Core.V1;
using Coxswain.Api.Errors;
using Coxswain.Api.Json;
using Coxswain.Api.Meta.V1;
using Coxswain.Api.Resources;
using Coxswain.Client;
using Coxswain.Client.Events;
using Coxswain.Client.Informers;
using Coxswain.Client.Reconcilers;
using Coxswain.Controllers.Storage;
using Coxswain.Scheduler;
using Coxswain.Scheduler.Cycle;
using ConditionStatus = Coxswain.Api.Core.V1.ConditionStatus;
using V1Binding = Coxswain.Api.Core.V1.Binding;
using V1Node = Coxswain.Api.Core.V1.Node;

namespace Coxswain.Controllers.Scheduling;

/// <summary>
/// Feeds the scheduler with pods that have no node and writes the Bindings. Decisions are made one after another over one
/// snapshot, in which a decided pod counts at once; the Bindings are written in parallel.
/// </summary>
internal sealed class SchedulingController : KeyedController
{
    private const string OwnName = "default-scheduler";

    /// <summary>A pod that waits is looked at again after so long although nothing told that it would help. As in Kubernetes.</summary>
    private static readonly TimeSpan LongestWait = TimeSpan.FromMinutes(5);

    private readonly IKubeClient _client;
    private readonly TimeProvider _time;
    private readonly PodScheduler _scheduler;
    private readonly Informer<Pod> _pods;
    private readonly Informer<V1Node> _nodes;
    private readonly Informer<Namespace> _namespaces;
    private readonly VolumeFacts _volumes;
    private readonly PreemptingPods _preempting;
    private readonly EventRecorder _events;
    private readonly ApiResource _podResource = ApiResources.Of<Pod>();

    // Guards everything below: the snapshot changes with each notification and each decision.
    private readonly Lock _lock = new();
    private readonly Dictionary<string, string> _assumed = new(StringComparer.Ordinal);
    private readonly Dictionary<NamespacedName, Waiting> _unschedulable = [];
    private readonly NominatedPods _nominated = new();
    private ClusterSnapshot _snapshot = ClusterSnapshot.Empty;

    public SchedulingController(ControllerContext context, Random random)
        : base(OwnName, context, workers: 32)
    {
        _client = context.Clients.ForUser(ControllerUsers.Scheduler);
        _time = context.Time;
        _scheduler = new PodScheduler(random);
        _pods = context.Informers.Of<Pod>().WithNodeNames();
        _nodes = context.Informers.Of<V1Node>();
        _namespaces = context.Informers.Of<Namespace>();
        _events = context.Events.RecorderFor(OwnName);
        _volumes = new VolumeFacts(_client, context.Informers);
        _preempting = new PreemptingPods(_client, context.Informers, _events, context.Time);
    }

    protected override IReadOnlyList<IInformer> Inputs => [_namespaces, .. _volumes.Inputs, .. _preempting.Inputs, _nodes, _pods];

    public override async Task<Requeue> ReconcileAsync(NamespacedName key, CancellationToken cancellationToken)
    {
        if (_pods.Get(key) is not { } pod || !IsToBeScheduled(pod))
        {
            return Requeue.Never;
        }

        var needs = _volumes.NeedsOf(pod);
        switch (Decide(key, pod, needs))
        {
            case { Placement: Placement.Placed placed, Snapshot: var snapshot } when needs.Unbound.Count > 0:
                // The pod comes back when its claims are bound, to where they are.
                await _volumes.SelectAsync(needs, snapshot.Nodes[placed.NodeName], cancellationToken);
                break;
            case { Placement: Placement.Placed placed }:
                await BindAsync(pod, placed.NodeName, cancellationToken);
                break;
            case { Placement: Placement.Unschedulable unschedulable, Snapshot: var snapshot }:
                await MakeRoomAsync(pod, needs, unschedulable, snapshot, cancellationToken);
                return Requeue.In(LongestWait);
        }

        return Requeue.Never;
    }

    protected override int PriorityOf(NamespacedName key) => _pods.Get(key)?.Spec.Priority ?? 0;

    protected override void Subscribe()
    {
        _namespaces.OnChange(OnNamespaceChange);
        _volumes.OnChange(() =>
        {
            lock (_lock)
            {
                Retry(waiting => waiting.ForVolumes);
            }
        });
        _nodes.OnChange(OnNodeChange);
        _pods.OnChange(OnPodChange);
    }

    private static bool IsToBeScheduled(Pod pod) =>
        pod.Spec.NodeName.Length == 0
        && pod.Spec.SchedulerName is "" or OwnName
        && pod.Spec.SchedulingGates.Count == 0
        && pod.IsActive();

    private Decision? Decide(NamespacedName key, Pod pod, VolumeNeeds needs)
    {
        lock (_lock)
        {
            if (_assumed.ContainsKey(pod.Metadata.Uid))
            {
                return null;
            }

            _unschedulable.Remove(key);

            // Room that was made for others that matter as much is not free.
            var snapshot = _nominated.Reserve(_snapshot, pod);
            var placement = _scheduler.Schedule(pod, snapshot, needs);
            if (placement is Placement.Placed placed && needs.Unbound.Count == 0)
            {
                _nominated.Remove(pod.Metadata.Uid);
                _assumed[pod.Metadata.Uid] = placed.NodeName;
                _snapshot = _snapshot.SetPod(pod, placed.NodeName);
            }
            else
            {
                _unschedulable[key] = new Waiting(pod, SchedulingHints.AsksOfOtherPods(pod), PodClaims.NamesOf(pod).Any());
            }

            return new Decision(placement, snapshot);
        }
    }

    /// <summary>Tells less important pods to go where that helps; says why the pod waits where it does not.</summary>
    private async Task MakeRoomAsync(
        Pod pod, VolumeNeeds needs, Placement.Unschedulable unschedulable, ClusterSnapshot snapshot, CancellationToken cancellationToken)
    {
        var message = unschedulable.Message;
        var nominated = pod.Status.NominatedNodeName;
        if (unschedulable.NodeCount > 0 && _preempting.MayPreempt(pod, snapshot))
        {
            switch (Preemptor.Find(pod, snapshot, needs, _preempting.Budgets))
            {
                case PreemptionVerdict.Victims victims:
                    lock (_lock)
                    {
                        _nominated.Set(pod, victims.NodeName);
                    }

                    await _preempting.PreemptAsync(pod, victims, cancellationToken);
                    nominated = victims.NodeName;
                    break;
                case PreemptionVerdict.Nothing nothing:
                    message += $" {nothing.Message}";
                    lock (_lock)
                    {
                        _nominated.Remove(pod.Metadata.Uid);
                    }

                    nominated = "";
                    break;
            }
        }

        await ReportAsync(pod, message, nominated, cancellationToken);
    }

    private async Task BindAsync(Pod pod, string nodeName, CancellationToken cancellationToken)
    {
        var binding = new V1Binding
        {
            Metadata = ObjectMeta.Empty with { Name = pod.Metadata.Name, Namespace = pod.Metadata.Namespace, Uid = pod.Metadata.Uid },
            Target = new ObjectReference { Kind = "Node", ApiVersion = "v1", Name = nodeName },
        };
        try
        {
            await _client.PostAsync<V1Binding, Status>(_podResource, pod.Metadata.Namespace, pod.Metadata.Name, "binding", binding, cancellationToken);
        }
        catch (Exception exception)
        {
            lock (_lock)
            {
                _assumed.Remove(pod.Metadata.Uid);
                _snapshot = _snapshot.RemovePod(pod.Metadata.Uid, nodeName);

                // Refused because it has been bound already, and our cache knows: it stays where it is.
                if (_pods.Get(NamespacedName.Of(pod)) is { } current && current.Metadata.Uid == pod.Metadata.Uid && current.Spec.NodeName.Length > 0)
                {
                    Place(current);
                }
            }

            if (exception is KubeStatusException { IsNotFound: true } or KubeStatusException { IsConflict: true })
            {
                return;
            }

            throw;
        }

        _events.Normal(pod, "Scheduled", $"Successfully assigned {NamespacedName.Of(pod)} to {nodeName}");
    }

    private async Task ReportAsync(Pod pod, string message, string nominated, CancellationToken cancellationToken)
    {
        var known = pod.Find(PodConditionType.PodScheduled);
        if (known is { Status: ConditionStatus.False } && known.Message == message && pod.Status.NominatedNodeName == nominated)
        {
            return;
        }

        _events.Warning(pod, "FailedScheduling", message);
        var condition = new PodCondition
        {
            Type = PodConditionType.PodScheduled,
            Status = ConditionStatus.False,
            Reason = "Unschedulable",
            Message = message,
            LastTransitionTime = known is { Status: ConditionStatus.False } ? known.LastTransitionTime : _time.GetUtcNow(),
        };
        PodCondition[] conditions = [.. pod.Status.Conditions.Where(other => other.Type != PodConditionType.PodScheduled), condition];
        await _client.UpdateStatusAsync(pod with { Status = pod.Status with { Conditions = conditions, NominatedNodeName = nominated } }, cancellationToken);
    }

    private void OnNamespaceChange(Namespace? old, Namespace? current)
    {
        lock (_lock)
        {
            if (current is null)
            {
                _snapshot = _snapshot.RemoveNamespace(old!.Metadata.Name);
                return;
            }

            _snapshot = _snapshot.SetNamespace(current.Metadata.Name, current.Metadata.Labels);
            if (old is not null && !KubeEquality.Equal(old.Metadata.Labels, current.Metadata.Labels, (left, right) => left == right))
            {
                Retry(waiting => waiting.ForOtherPods);
            }
        }
    }

    private void OnNodeChange(V1Node? old, V1Node? current)
    {
        lock (_lock)
        {
            if (current is null)
            {
                _snapshot = _snapshot.RemoveNode(old!.Metadata.Name);
                return;
            }

            var isNew = !_snapshot.Nodes.ContainsKey(current.Metadata.Name);
            _snapshot = _snapshot.SetNode(current);
            if (isNew)
            {
                // Pods that were heard of before their node.
                foreach (var pod in _pods.ListOnNode(current.Metadata.Name).Where(pod => !pod.IsFinished()))
                {
                    Place(pod);
                }
            }

            if (isNew || old is null || MayTakeMore(old, current))
            {
                RetryWhereHelpful(current.Metadata.Name);
            }
        }
    }

    /// <summary>A heartbeat changes nothing for pods that wait.</summary>
    private static bool MayTakeMore(V1Node old, V1Node current) =>
        !old.Spec.Equals(current.Spec)
        || !KubeEquality.Equal(old.Metadata.Labels, current.Metadata.Labels, (left, right) => left == right)
        || !KubeEquality.Equal(old.Status.Allocatable, current.Status.Allocatable, (left, right) => left == right);

    private void OnPodChange(Pod? old, Pod? current)
    {
        lock (_lock)
        {
            if (old is not null && old.Metadata.Uid != current?.Metadata.Uid)
            {
                Displace(old);
            }

            if (current is null || current.IsFinished() || current.Spec.NodeName.Length > 0)
            {
                _nominated.Remove((current ?? old!).Metadata.Uid);
            }
            else if (current.Status.NominatedNodeName.Length > 0)
            {
                _nominated.Set(current, current.Status.NominatedNodeName);
            }

            if (current is null)
            {
                _unschedulable.Remove(NamespacedName.Of(old!));
                _nominated.Remove(old!.Metadata.Uid);
            }
            else if (current.IsFinished())
            {
                Displace(current);
            }
            else if (current.Spec.NodeName.Length > 0)
            {
                if (_assumed.Remove(current.Metadata.Uid, out var assumed) && assumed != current.Spec.NodeName)
                {
                    _snapshot = _snapshot.RemovePod(current.Metadata.Uid, assumed);
                }

                Place(current);
                if (old is null || old.Spec.NodeName.Length == 0 || !KubeEquality.Equal(old.Metadata.Labels, current.Metadata.Labels, (left, right) => left == right))
                {
                    Retry(waiting => waiting.ForOtherPods);
                }
            }
            else if (IsToBeScheduled(current) && (old is null || old.Metadata.Uid != current.Metadata.Uid || !old.Spec.Equals(current.Spec)))
            {
                Queue.Add(NamespacedName.Of(current));
            }
        }
    }

    private void Place(Pod pod) => _snapshot = _snapshot.SetPod(pod, pod.Spec.NodeName);

    private void Displace(Pod pod)
    {
        var nodeName = _assumed.Remove(pod.Metadata.Uid, out var assumed) ? assumed : pod.Spec.NodeName;
        if (nodeName.Length == 0)
        {
            return;
        }

        var before = _snapshot;
        _snapshot = _snapshot.RemovePod(pod.Metadata.Uid, nodeName);
        if (_snapshot != before)
        {
            RetryWhereHelpful(nodeName);
        }
    }

    /// <summary>Something about the node has changed: those that wait and that it may take now go on.</summary>
    private void RetryWhereHelpful(string nodeName) => Retry(waiting => SchedulingHints.MayHelp(waiting.Pod, _snapshot, nodeName));

    private void Retry(Func<Waiting, bool> which)
    {
        // Workers take keys while this goes on: what is to be placed first has to be added first.
        foreach (var (key, _) in _unschedulable.Where(pod => which(pod.Value)).OrderByDescending(pod => pod.Value.Pod.Spec.Priority ?? 0))
        {
            Queue.Add(key);
        }
    }

    /// <param name="ForOtherPods">What other pods are placed may make room for this one.</param>
    /// <param name="ForVolumes">What becomes of claims and volumes may let this one go on.</param>
    private sealed record Waiting(Pod Pod, bool ForOtherPods, bool ForVolumes);

    /// <param name="Snapshot">What it was decided over.</param>
    private sealed record Decision(Placement Placement, ClusterSnapshot Snapshot);
}
