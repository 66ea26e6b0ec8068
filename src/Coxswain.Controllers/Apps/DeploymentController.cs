using Coxswain.Api.Apps.V1;
using Coxswain.Api.Core.V1;
using Coxswain.Api.Errors;
using Coxswain.Api.Meta.V1;
using Coxswain.Client;
using Coxswain.Client.Events;
using Coxswain.Client.Informers;
using Coxswain.Client.Reconcilers;
using LabelSelector = Coxswain.Api.Selectors.LabelSelector;

namespace Coxswain.Controllers.Apps;

/// <summary>
/// Runs Deployments (https://kubernetes.io/docs/concepts/workloads/controllers/deployment/): one ReplicaSet a template,
/// moved from the old to the new by the strategy; old ones are kept, at no replicas, for going back.
/// </summary>
internal sealed class DeploymentController : KeyedController
{
    private readonly IKubeClient _client;
    private readonly TimeProvider _time;
    private readonly Informer<Deployment> _deployments;
    private readonly Informer<ReplicaSet> _sets;
    private readonly OwnedObjects<Deployment, ReplicaSet> _own;
    private readonly Informer<Pod> _pods;
    private readonly EventRecorder _events;

    public DeploymentController(ControllerContext context)
        : base("deployment-controller", context, workers: 8)
    {
        _client = context.ClientFor("deployment-controller");
        _time = context.Time;
        _deployments = context.Informers.Of<Deployment>();
        _sets = context.Informers.Of<ReplicaSet>().WithOrphans();
        _own = new OwnedObjects<Deployment, ReplicaSet>(_client, _sets, (_, _) => true);
        _pods = context.Informers.Of<Pod>();
        _events = context.Events.RecorderFor("deployment-controller");
    }

    protected override IReadOnlyList<IInformer> Inputs => [_deployments, _sets, _pods];

    public override async Task<Requeue> ReconcileAsync(NamespacedName key, CancellationToken cancellationToken)
    {
        if (_deployments.Get(key) is not { } deployment)
        {
            return Requeue.Never;
        }

        var selector = LabelSelector.From(deployment.Spec.Selector);
        if (selector.IsEmpty)
        {
            _events.Warning(deployment, "SelectingAll", "This deployment is selecting all pods. A non-empty selector is required.");
            return Requeue.Never;
        }

        var state = new RolloutState(deployment, await _own.ClaimAsync(deployment, selector, cancellationToken));
        if (deployment.Metadata.DeletionTimestamp is null)
        {
            state = await AdvanceAsync(state, cancellationToken);
        }

        var now = _time.GetUtcNow();
        var status = DeploymentStatuses.Compute(state, now);
        if (!status.Equals(deployment.Status))
        {
            await _client.UpdateStatusAsync(state.Deployment with { Status = status }, cancellationToken);
        }

        if (DeploymentStatuses.IsComplete(deployment, status) && deployment.Metadata.DeletionTimestamp is null)
        {
            await CleanUpAsync(state, cancellationToken);
        }

        return DeploymentStatuses.Deadline(deployment, status) is { } deadline && deadline > now ? Requeue.In(deadline - now) : Requeue.Never;
    }

    protected override void Subscribe()
    {
        _deployments.OnChange((old, current) => Queue.Add(NamespacedName.Of(current ?? old!)));
        _sets.OnChange((old, current) =>
        {
            AddOwner(old);
            AddOwner(current);
        });
        _pods.OnChange((old, current) =>
        {
            // Recreate waits for the last old pod to be gone.
            if (current is null && OwnerReferences.ControllerOf(old!) is { Kind: "ReplicaSet" } owner)
            {
                AddOwner(_sets.Get(old!.Metadata.Namespace, owner.Name));
            }
        });
    }

    private void AddOwner(ReplicaSet? set)
    {
        if (set is null)
        {
            return;
        }

        if (OwnerReferences.ControllerOf(set) is { } owner)
        {
            if (owner.Kind == "Deployment")
            {
                Queue.Add(new NamespacedName(set.Metadata.Namespace, owner.Name));
            }

            return;
        }

        foreach (var deployment in _deployments.List(set.Metadata.Namespace))
        {
            if (LabelSelector.From(deployment.Spec.Selector) is { IsEmpty: false } selector && selector.Matches(set.Metadata.Labels))
            {
                Queue.Add(NamespacedName.Of(deployment));
            }
        }
    }

    /// <summary>Takes the next step and returns what the Deployment and its ReplicaSets are after it.</summary>
    private async Task<RolloutState> AdvanceAsync(RolloutState state, CancellationToken cancellationToken)
    {
        if (state.Deployment.Spec.Paused)
        {
            return await ScaleAsync(await SyncNewAsync(state, create: false, cancellationToken), ScalePlanner.Plan, cancellationToken);
        }

        if (ScalePlanner.IsScalingEvent(state))
        {
            state = await ScaleAsync(await SyncNewAsync(state, create: false, cancellationToken), ScalePlanner.Plan, cancellationToken);
            return await RecordSizesAsync(state, cancellationToken);
        }

        if (state.IsRollingUpdate)
        {
            return await ScaleAsync(await SyncNewAsync(state, create: true, cancellationToken), RollingUpdatePlanner.Plan, cancellationToken);
        }

        state = await SyncNewAsync(state, create: false, cancellationToken);
        if (RecreatePlanner.ScaleDown(state).Count > 0)
        {
            return await ScaleAsync(state, RecreatePlanner.ScaleDown, cancellationToken);
        }

        var oldPodsRun = state.Old.Any(set => _pods.ListByOwner(set.Metadata.Uid).Any(pod => !pod.IsFinished()));
        return oldPodsRun ? state : await ScaleAsync(await SyncNewAsync(state, create: true, cancellationToken), RecreatePlanner.ScaleUp, cancellationToken);
    }

    /// <summary>Makes the new ReplicaSet, or brings the one that has the template up to date and gives it the latest revision.</summary>
    private async Task<RolloutState> SyncNewAsync(RolloutState state, bool create, CancellationToken cancellationToken)
    {
        var revision = state.Old.Select(DeploymentAnnotations.RevisionOf).DefaultIfEmpty().Max() + 1;
        if (state.New is not { } set)
        {
            return create ? await CreateNewAsync(state, revision, cancellationToken) : state;
        }

        var annotations = DeploymentAnnotations.OfNewest(state.Deployment, set.Metadata.Annotations, revision);
        if (annotations.Count != set.Metadata.Annotations.Count
            || annotations.Any(item => set.Metadata.Annotations.GetValueOrDefault(item.Key) != item.Value)
            || set.Spec.MinReadySeconds != state.Deployment.Spec.MinReadySeconds)
        {
            set = await _client.UpdateAsync(
                set with
                {
                    Metadata = set.Metadata with { Annotations = annotations },
                    Spec = set.Spec with { MinReadySeconds = state.Deployment.Spec.MinReadySeconds },
                },
                cancellationToken);
        }

        var deployment = await SetRevisionAsync(state.Deployment, annotations[DeploymentAnnotations.Revision], cancellationToken);
        if (DeploymentStatuses.Find(deployment.Status, DeploymentConditionType.Progressing) is null && deployment.Spec.ProgressDeadlineSeconds is not null)
        {
            deployment = DeploymentStatuses.Started(deployment, DeploymentStatuses.FoundNewReplicaSet, $"Found new replica set \"{set.Metadata.Name}\"", _time.GetUtcNow());
        }

        return new RolloutState(deployment, [.. state.Old, set]);
    }

    private async Task<RolloutState> CreateNewAsync(RolloutState state, long revision, CancellationToken cancellationToken)
    {
        var deployment = state.Deployment;
        var template = PodTemplateHash.Without(deployment.Spec.Template);
        var hash = PodTemplateHash.Of(template, deployment.Status.CollisionCount ?? 0);
        var labels = PodTemplateHash.AddTo(template.Metadata.Labels, hash);
        var wanted = new ReplicaSet
        {
            Metadata = ObjectMeta.Empty with
            {
                Name = $"{deployment.Metadata.Name}-{hash}",
                Namespace = deployment.Metadata.Namespace,
                Labels = labels,
                Annotations = DeploymentAnnotations.WithReplicas(
                    DeploymentAnnotations.OfNewest(deployment, ObjectMeta.Empty.Annotations, revision), state.Replicas, state.MaxReplicas),
                OwnerReferences = [OwnerReferences.ToController(deployment)],
            },
            Spec = new ReplicaSetSpec
            {
                Replicas = RollingUpdatePlanner.NewReplicas(state, 0),
                MinReadySeconds = deployment.Spec.MinReadySeconds,
                Selector = deployment.Spec.Selector! with { MatchLabels = PodTemplateHash.AddTo(deployment.Spec.Selector.MatchLabels, hash) },
                Template = template with { Metadata = template.Metadata with { Labels = labels } },
            },
        };

        ReplicaSet set;
        try
        {
            set = await _client.CreateAsync(wanted, cancellationToken);
            _events.Normal(deployment, "ScalingReplicaSet", $"Scaled up replica set {set.Metadata.Name} from 0 to {RolloutState.SpecOf(set)}");
        }
        catch (KubeStatusException exception) when (exception.IsAlreadyExists)
        {
            await CountCollisionAsync(deployment, wanted, cancellationToken);
            throw;
        }

        deployment = await SetRevisionAsync(deployment, $"{revision}", cancellationToken);
        deployment = DeploymentStatuses.Started(deployment, DeploymentStatuses.NewReplicaSetCreated, $"Created new replica set \"{set.Metadata.Name}\"", _time.GetUtcNow());
        return new RolloutState(deployment, [.. state.Old, set]);
    }

    /// <summary>Another template with the same hash: the next attempt hashes the count too. Our own, not yet in the cache, is no collision.</summary>
    private async Task CountCollisionAsync(Deployment deployment, ReplicaSet wanted, CancellationToken cancellationToken)
    {
        var existing = await _client.FindAsync<ReplicaSet>(wanted.Metadata.Namespace, wanted.Metadata.Name, cancellationToken);
        if (existing is null
            || (OwnerReferences.IsControlledBy(existing, deployment.Metadata.Uid)
                && PodTemplateHash.Without(existing.Spec.Template).Equals(PodTemplateHash.Without(wanted.Spec.Template))))
        {
            return;
        }

        var status = deployment.Status with { CollisionCount = (deployment.Status.CollisionCount ?? 0) + 1 };
        await _client.UpdateStatusAsync(deployment with { Status = status }, cancellationToken);
    }

    private async Task<Deployment> SetRevisionAsync(Deployment deployment, string revision, CancellationToken cancellationToken)
    {
        if (deployment.Metadata.Annotations.GetValueOrDefault(DeploymentAnnotations.Revision) == revision)
        {
            return deployment;
        }

        var annotations = new Dictionary<string, string>(deployment.Metadata.Annotations, StringComparer.Ordinal) { [DeploymentAnnotations.Revision] = revision };
        return await _client.UpdateAsync(deployment with { Metadata = deployment.Metadata with { Annotations = annotations } }, cancellationToken);
    }

    private async Task<RolloutState> ScaleAsync(RolloutState state, Func<RolloutState, IReadOnlyList<ScaleStep>> plan, CancellationToken cancellationToken)
    {
        var sets = state.All.ToDictionary(set => set.Metadata.Name, StringComparer.Ordinal);
        foreach (var step in plan(state))
        {
            var before = RolloutState.SpecOf(step.Set);
            var annotations = DeploymentAnnotations.WithReplicas(step.Set.Metadata.Annotations, state.Replicas, state.MaxReplicas);
            sets[step.Set.Metadata.Name] = await _client.UpdateAsync(
                step.Set with
                {
                    Metadata = step.Set.Metadata with { Annotations = annotations },
                    Spec = step.Set.Spec with { Replicas = step.Replicas },
                },
                cancellationToken);
            if (before != step.Replicas)
            {
                _events.Normal(state.Deployment, "ScalingReplicaSet",
                    $"Scaled {(step.Replicas > before ? "up" : "down")} replica set {step.Set.Metadata.Name} from {before} to {step.Replicas}");
            }
        }

        return new RolloutState(state.Deployment, sets.Values);
    }

    /// <summary>After scaling, every active ReplicaSet knows the new sizes, or the same change would be carried over again.</summary>
    private async Task<RolloutState> RecordSizesAsync(RolloutState state, CancellationToken cancellationToken)
    {
        var sets = new List<ReplicaSet>();
        foreach (var set in state.All)
        {
            var isOutdated = RolloutState.SpecOf(set) > 0 && DeploymentAnnotations.Number(set, DeploymentAnnotations.DesiredReplicas) != state.Replicas;
            sets.Add(!isOutdated ? set : await _client.UpdateAsync(
                set with { Metadata = set.Metadata with { Annotations = DeploymentAnnotations.WithReplicas(set.Metadata.Annotations, state.Replicas, state.MaxReplicas) } },
                cancellationToken));
        }

        return new RolloutState(state.Deployment, sets);
    }

    /// <summary>Deletes the oldest of the old ReplicaSets beyond the revision history limit.</summary>
    private async Task CleanUpAsync(RolloutState state, CancellationToken cancellationToken)
    {
        var old = state.Old.Where(set => set.Metadata.DeletionTimestamp is null).OrderBy(DeploymentAnnotations.RevisionOf).ToList();
        foreach (var set in old.Take(Math.Max(0, old.Count - (state.Deployment.Spec.RevisionHistoryLimit ?? 10))))
        {
            if (set.Status.Replicas == 0 && RolloutState.SpecOf(set) == 0 && set.Metadata.Generation <= set.Status.ObservedGeneration)
            {
                try
                {
                    await _client.DeleteAsync<ReplicaSet>(set.Metadata.Namespace, set.Metadata.Name, DeleteOptions.Empty, cancellationToken);
                }
                catch (KubeStatusException exception) when (exception.IsNotFound)
                {
                    // Somebody was faster.
                }
            }
        }
    }
}
