using Coxswain.Api.Apps.V1;
using Coxswain.Api.Core.V1;
using Coxswain.Api.Errors;
using Coxswain.Api.Json;
using Coxswain.Client;
using Coxswain.Client.Events;
using Coxswain.Client.Informers;
using Coxswain.Client.Reconcilers;
using Coxswain.Controllers.Pods;
using Coxswain.Controllers.Revisions;
using LabelSelector = Coxswain.Api.Selectors.LabelSelector;
using V1Node = Coxswain.Api.Core.V1.Node;

namespace Coxswain.Controllers.DaemonSets;

/// <summary>Runs DaemonSets: one pod on each node that suits. The scheduler binds them, as all pods.</summary>
internal sealed class DaemonSetController : KeyedController
{
    private const string OwnName = "daemonset-controller";
    private const string Account = "daemon-set-controller";

    private readonly IKubeClient _client;
    private readonly TimeProvider _time;
    private readonly Informer<DaemonSet> _sets;
    private readonly Informer<Pod> _pods;
    private readonly Informer<V1Node> _nodes;
    private readonly Informer<ControllerRevision> _revisions;
    private readonly OwnedObjects<DaemonSet, Pod> _own;
    private readonly RevisionHistory<DaemonSet> _history;
    private readonly PodControl _control;
    private readonly EventRecorder _events;
    private readonly FailedDaemons _failed;

    public DaemonSetController(ControllerContext context)
        : base(OwnName, context)
    {
        _client = context.ClientFor(Account);
        _time = context.Time;
        _sets = context.Informers.Of<DaemonSet>();
        _pods = context.Informers.Of<Pod>().WithOrphans();
        _nodes = context.Informers.Of<V1Node>();
        _revisions = context.Informers.Of<ControllerRevision>();
        _events = context.Events.RecorderFor(OwnName);
        _own = new OwnedObjects<DaemonSet, Pod>(_client, _pods, (_, _) => true);
        _history = new RevisionHistory<DaemonSet>(_client, _revisions);
        _control = new PodControl(_client, _events, context.Time);
        _failed = new FailedDaemons(context.Time);
    }

    protected override IReadOnlyList<IInformer> Inputs => [_sets, _pods, _nodes, _revisions];

    public override async Task<Requeue> ReconcileAsync(NamespacedName key, CancellationToken cancellationToken)
    {
        if (_sets.Get(key) is not { } set)
        {
            return Requeue.Never;
        }

        var selector = LabelSelector.From(set.Spec.Selector);
        if (selector.IsEmpty)
        {
            _events.Warning(set, "SelectingAll", "This daemon set is selecting all pods. A non-empty selector is required.");
            return Requeue.Never;
        }

        var mayChange = _control.Expectations.AreMet(set.Metadata.Uid);
        var known = await _history.ListAsync(set, selector, cancellationToken);
        var pods = await _own.ClaimAsync(set, selector, cancellationToken);
        if (set.Metadata.DeletionTimestamp is not null)
        {
            return Requeue.Never;
        }

        var collisions = set.Status.CollisionCount ?? 0;
        var current = await _history.CurrentAsync(set, set.Spec.Template, set.Spec.Template.Metadata.Labels, known, collisions, cancellationToken);
        if (current is null)
        {
            await _client.UpdateStatusAsync(set with { Status = set.Status with { CollisionCount = collisions + 1 } }, cancellationToken);
            return Requeue.Never;
        }

        var hash = current.Metadata.Labels.GetValueOrDefault(RevisionHistory<DaemonSet>.HashLabel) ?? current.Metadata.Name;
        var nodes = _nodes.List().OrderBy(node => node.Metadata.Name, StringComparer.Ordinal).ToList();
        var plan = DaemonSetPlan.Compute(set, pods, nodes, hash, _time.GetUtcNow());
        var failure = mayChange ? await TryApplyAsync(set, plan, hash, cancellationToken) : null;
        if (!plan.Status.Equals(set.Status))
        {
            await _client.UpdateStatusAsync(set with { Status = plan.Status }, cancellationToken);
        }

        if (failure is not null)
        {
            throw failure is KubeStatusException refused ? new KubeStatusException(refused.Status) : new InvalidOperationException("daemon pods could not be brought to their nodes", failure);
        }

        bool IsUsed(ControllerRevision revision) => revision.Metadata.Name == current.Metadata.Name
            || pods.Any(pod => DaemonPods.HashOf(pod) == revision.Metadata.Labels.GetValueOrDefault(RevisionHistory<DaemonSet>.HashLabel));
        await _history.TruncateAsync(known, IsUsed, set.Spec.RevisionHistoryLimit ?? 10, cancellationToken);
        var waits = new[] { plan.Recheck, plan.Failed.Count > 0 ? _failed.Wait(set.Metadata.Uid) : null }.OfType<TimeSpan>().ToList();
        return waits.Count > 0 ? Requeue.In(waits.Min()) : Requeue.Never;
    }

    protected override void Subscribe()
    {
        static LabelSelector SelectorOf(DaemonSet set) => LabelSelector.From(set.Spec.Selector);
        _sets.OnChange((old, current) =>
        {
            if (old is not null && old.Metadata.Uid != current?.Metadata.Uid)
            {
                _control.Expectations.Forget(old.Metadata.Uid);
                _failed.Forget(old.Metadata.Uid);
            }

            Queue.Add(NamespacedName.Of(current ?? old!));
        });
        _pods.OnChange((old, current) =>
        {
            _control.Observe(old, current);
            foreach (var key in OwnerKeys.Concerned(_sets, old, current, SelectorOf))
            {
                Queue.Add(key);
            }
        });
        _revisions.OnChange((old, current) =>
        {
            foreach (var key in OwnerKeys.Concerned(_sets, old, current, SelectorOf))
            {
                Queue.Add(key);
            }
        });
        _nodes.OnChange((old, current) =>
        {
            // A heartbeat changes nothing.
            if (old is null || current is null || !old.Spec.Equals(current.Spec)
                || !KubeEquality.Equal(old.Metadata.Labels, current.Metadata.Labels, (left, right) => left == right))
            {
                foreach (var set in _sets.List())
                {
                    Queue.Add(NamespacedName.Of(set));
                }
            }
        });
    }

    private async Task<Exception?> TryApplyAsync(DaemonSet set, DaemonSetPlan plan, string hash, CancellationToken cancellationToken)
    {
        // Pods that end at once are not made anew in a tight loop.
        IReadOnlyList<Pod> failed = plan.Failed.Count > 0 && _failed.MayReplace(set.Metadata.Uid) ? plan.Failed : [];
        foreach (var pod in failed)
        {
            _events.Warning(set, pod.Status.Phase == PodPhase.Failed ? "FailedDaemonPod" : "SucceededDaemonPod",
                $"Found {(pod.Status.Phase == PodPhase.Failed ? "failed" : "succeeded")} daemon pod {NamespacedName.Of(pod)} on node {pod.Spec.NodeName}, will try to "
                + (pod.Status.Phase == PodPhase.Failed ? "kill it" : "delete it"));
        }

        try
        {
            await _control.ApplyAsync(set, [.. plan.Create.Select(node => DaemonPods.Make(set, hash, node))], [.. plan.Delete, .. failed], cancellationToken);
            return null;
        }
        catch (KubeStatusException refused) when (refused.IsNamespaceTerminating)
        {
            return null;
        }
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
        {
            return exception;
        }
    }
}
