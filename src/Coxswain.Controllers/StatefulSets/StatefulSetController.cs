using Coxswain.Api.Apps.V1;
using Coxswain.Api.Core.V1;
using Coxswain.Api.Errors;
using Coxswain.Api.Meta.V1;
using Coxswain.Client;
using Coxswain.Client.Events;
using Coxswain.Client.Informers;
using Coxswain.Client.Reconcilers;
using Coxswain.Controllers.Revisions;
using LabelSelector = Coxswain.Api.Selectors.LabelSelector;
using Preconditions = Coxswain.Api.Meta.V1.Preconditions;

namespace Coxswain.Controllers.StatefulSets;

/// <summary>Runs StatefulSets: pods with names and claims of their own, changed in order.</summary>
internal sealed class StatefulSetController : KeyedController
{
    private const string OwnName = "statefulset-controller";

    private readonly IKubeClient _client;
    private readonly TimeProvider _time;
    private readonly Informer<StatefulSet> _sets;
    private readonly Informer<Pod> _pods;
    private readonly Informer<ControllerRevision> _revisions;
    private readonly Informer<PersistentVolumeClaim> _claimCache;
    private readonly OwnedObjects<StatefulSet, Pod> _own;
    private readonly RevisionHistory<StatefulSet> _history;
    private readonly StatefulClaims _claims;
    private readonly EventRecorder _events;

    public StatefulSetController(ControllerContext context)
        : base(OwnName, context, workers: 8)
    {
        _client = context.ClientFor(OwnName);
        _time = context.Time;
        _sets = context.Informers.Of<StatefulSet>();
        _pods = context.Informers.Of<Pod>().WithOrphans();
        _revisions = context.Informers.Of<ControllerRevision>();
        _claimCache = context.Informers.Of<PersistentVolumeClaim>();
        _events = context.Events.RecorderFor(OwnName);
        _own = new OwnedObjects<StatefulSet, Pod>(_client, _pods, (set, pod) => StatefulPods.OrdinalOf(set, pod) is not null);
        _history = new RevisionHistory<StatefulSet>(_client, _revisions);
        _claims = new StatefulClaims(_client, _claimCache, _events);
    }

    protected override IReadOnlyList<IInformer> Inputs => [_sets, _pods, _revisions, _claimCache];

    public override async Task<Requeue> ReconcileAsync(NamespacedName key, CancellationToken cancellationToken)
    {
        if (_sets.Get(key) is not { } set)
        {
            return Requeue.Never;
        }

        var selector = LabelSelector.From(set.Spec.Selector);
        var known = await _history.ListAsync(set, selector, cancellationToken);
        var pods = await _own.ClaimAsync(set, selector, cancellationToken);
        if (set.Metadata.DeletionTimestamp is not null)
        {
            return Requeue.Never;
        }

        var collisions = set.Status.CollisionCount ?? 0;
        var update = await _history.CurrentAsync(set, set.Spec.Template, set.Spec.Selector?.MatchLabels ?? ObjectMeta.Empty.Labels, known, collisions, cancellationToken);
        if (update is null)
        {
            await _client.UpdateStatusAsync(set with { Status = set.Status with { CollisionCount = collisions + 1 } }, cancellationToken);
            return Requeue.Never;
        }

        var current = known.FirstOrDefault(revision => revision.Metadata.Name == set.Status.CurrentRevision) ?? update;
        var state = new StatefulSetState(set, pods, current.Metadata.Name, update.Metadata.Name);
        var plan = StatefulSetPlan.Compute(state, _time.GetUtcNow());
        Exception? failure = null;
        try
        {
            await ApplyAsync(state, plan, RevisionData.TemplateOf(current.Data) ?? set.Spec.Template, cancellationToken);
        }
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
        {
            // The counts are reported all the same.
            failure = exception;
        }

        var status = state.Status(collisions, _time.GetUtcNow());
        if (!status.Equals(set.Status))
        {
            await _client.UpdateStatusAsync(set with { Status = status }, cancellationToken);
        }

        if (failure is not null)
        {
            throw failure is KubeStatusException refused ? new KubeStatusException(refused.Status) : new InvalidOperationException(failure.Message, failure);
        }

        bool IsUsed(ControllerRevision revision) => revision.Metadata.Name == status.CurrentRevision || revision.Metadata.Name == status.UpdateRevision
            || pods.Any(pod => StatefulPods.RevisionOf(pod) == revision.Metadata.Name);
        await _history.TruncateAsync(known, IsUsed, set.Spec.RevisionHistoryLimit ?? 10, cancellationToken);
        return plan.Recheck is { } wait ? Requeue.In(wait) : Requeue.Never;
    }

    protected override void Subscribe()
    {
        static LabelSelector SelectorOf(StatefulSet set) => LabelSelector.From(set.Spec.Selector);
        _sets.OnChange((old, current) => Queue.Add(NamespacedName.Of(current ?? old!)));
        _pods.OnChange((old, current) =>
        {
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
        _claimCache.OnChange((old, current) =>
        {
            // A claim that goes is made anew; one that comes is known already.
            if (current is null && old is not null)
            {
                foreach (var set in _sets.List(old.Metadata.Namespace).Where(set => set.Spec.VolumeClaimTemplates.Any(
                    template => old.Metadata.Name.StartsWith($"{template.Metadata.Name}-{set.Metadata.Name}-", StringComparison.Ordinal))))
                {
                    Queue.Add(NamespacedName.Of(set));
                }
            }
        });
    }

    private async Task ApplyAsync(StatefulSetState state, StatefulSetPlan plan, PodTemplateSpec currentTemplate, CancellationToken cancellationToken)
    {
        var set = state.Set;
        await MendAsync(state, cancellationToken);
        foreach (var ordinal in plan.Create)
        {
            var revision = state.RevisionFor(ordinal);
            var template = revision == state.UpdateRevision ? set.Spec.Template : currentTemplate;
            await _claims.EnsureAsync(set, ordinal, cancellationToken);
            await CreateAsync(set, StatefulPods.Make(set, ordinal, template, revision), cancellationToken);
        }

        foreach (var pod in plan.Replace)
        {
            var hasFailed = pod.Status.Phase == PodPhase.Failed;
            _events.Warning(set, hasFailed ? "RecreatingFailedPod" : "RecreatingTerminatedPod",
                $"StatefulSet {NamespacedName.Of(set)} is recreating {(hasFailed ? "failed" : "terminated")} Pod {pod.Metadata.Name}");
            await DeleteAsync(set, pod, cancellationToken);
        }

        foreach (var pod in plan.Condemn)
        {
            await _claims.RetainAsync(set, StatefulPods.OrdinalOf(set, pod)!.Value, pod, isCondemned: true, cancellationToken);
            await DeleteAsync(set, pod, cancellationToken);
        }

        foreach (var pod in plan.Update)
        {
            await DeleteAsync(set, pod, cancellationToken);
        }
    }

    /// <summary>Gives pods that are there what they lack of their identity: labels that somebody removed, claims that are gone.</summary>
    private async Task MendAsync(StatefulSetState state, CancellationToken cancellationToken)
    {
        var set = state.Set;
        foreach (var (ordinal, pod) in state.Pods.Where(item => item.Value.Metadata.DeletionTimestamp is null))
        {
            await _claims.RetainAsync(set, ordinal, pod, isCondemned: false, cancellationToken);
            var labels = StatefulPods.IdentityLabels(set, ordinal);
            if (labels.Any(label => pod.Metadata.Labels.GetValueOrDefault(label.Key) != label.Value))
            {
                await _client.PatchAsync<Pod>(pod.Metadata.Namespace, pod.Metadata.Name, KubePatch.Merge(new { metadata = new { labels } }), cancellationToken);
            }

            if (pod.Status.Phase == PodPhase.Pending)
            {
                await _claims.EnsureAsync(set, ordinal, cancellationToken);
            }
        }
    }

    private async Task CreateAsync(StatefulSet set, Pod pod, CancellationToken cancellationToken)
    {
        var subject = $"create Pod {pod.Metadata.Name} in StatefulSet {set.Metadata.Name}";
        try
        {
            await _client.CreateAsync(pod, cancellationToken);
            _events.Normal(set, "SuccessfulCreate", $"{subject} successful");
        }
        catch (KubeStatusException exception) when (exception.IsAlreadyExists && _pods.Get(NamespacedName.Of(pod)) is null)
        {
            // The cache does not show it yet; if it is another's, the cache will, and then it is said.
        }
        catch (KubeStatusException exception) when (!exception.IsNamespaceTerminating)
        {
            _events.Warning(set, "FailedCreate", $"{subject} failed error: {exception.Message}");
            throw;
        }
    }

    private async Task DeleteAsync(StatefulSet set, Pod pod, CancellationToken cancellationToken)
    {
        var subject = $"delete Pod {pod.Metadata.Name} in StatefulSet {set.Metadata.Name}";
        try
        {
            var options = DeleteOptions.Empty with { Preconditions = new Preconditions { Uid = pod.Metadata.Uid } };
            await _client.DeleteAsync<Pod>(pod.Metadata.Namespace, pod.Metadata.Name, options, cancellationToken);
            _events.Normal(set, "SuccessfulDelete", $"{subject} successful");
        }
        catch (KubeStatusException exception) when (exception.IsNotFound || exception.IsConflict)
        {
            // It has gone already.
        }
        catch (KubeStatusException exception)
        {
            _events.Warning(set, "FailedDelete", $"{subject} failed error: {exception.Message}");
            throw;
        }
    }
}
