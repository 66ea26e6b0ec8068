using Coxswain.Api;
using Coxswain.Api.Core.V1;
using Coxswain.Api.Errors;
using Coxswain.Api.Meta.V1;
using Coxswain.Client;
using Coxswain.Client.Events;
using Coxswain.Client.Informers;
using Coxswain.Client.Reconcilers;

namespace Coxswain.Controllers.Apps;

/// <summary>
/// Keeps as many pods of one template as are asked for: adopts those its selector matches, lets go those it no longer
/// matches, creates or deletes the difference, and reports the counts.
/// </summary>
/// <typeparam name="T">ReplicaSet or ReplicationController, which work alike.</typeparam>
internal abstract class ReplicaController<T> : KeyedController
    where T : class, IKubeObject<T>
{
    private readonly ControllerContext _context;
    private readonly Informer<T> _sets;
    private readonly Informer<Pod> _pods;
    private readonly OwnedObjects<T, Pod> _own;
    private readonly Expectations _expectations;
    private readonly EventRecorder _events;

    protected ReplicaController(string name, ControllerContext context)
        : base(name, context, workers: 8)
    {
        _context = context;
        Client = context.ClientFor(name);
        _sets = context.Informers.Of<T>();
        _pods = context.Informers.Of<Pod>().WithOrphans();
        _own = new OwnedObjects<T, Pod>(Client, _pods, PodConditions.IsActive);
        _expectations = new Expectations(context.Time);
        _events = context.Events.RecorderFor(name);
    }

    protected override IReadOnlyList<IInformer> Inputs => [_sets, _pods];

    protected IKubeClient Client { get; }

    protected Informer<T> Sets => _sets;

    public override async Task<Requeue> ReconcileAsync(NamespacedName key, CancellationToken cancellationToken)
    {
        if (_sets.Get(key) is not { } set)
        {
            return Requeue.Never;
        }

        var expectationsMet = _expectations.AreMet(set.Metadata.Uid);
        var intent = IntentOf(set);
        var pods = await _own.ClaimAsync(set, intent.Selector, cancellationToken);
        var active = pods.Where(PodConditions.IsActive).ToList();
        var now = _context.Time.GetUtcNow();
        Exception? failure = null;
        if (expectationsMet && set.Metadata.DeletionTimestamp is null)
        {
            try
            {
                await ApplyAsync(set, intent, ReplicaPlan.Compute(intent.Replicas, active, NeighboursOf(set, active), now), cancellationToken);
            }
            catch (KubeStatusException refused) when (refused.IsNamespaceTerminating)
            {
                // The set goes with its namespace; there is nothing to try again.
            }
            catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
            {
                // The counts are reported all the same, with the failure beside them.
                failure = exception;
            }
        }

        await ReportAsync(set, ReplicaCounts.Of(active, intent.Template.Metadata.Labels, intent.MinReadySeconds, now), failure, active.Count - intent.Replicas, cancellationToken);
        if (failure is not null)
        {
            throw failure is KubeStatusException refused ? new KubeStatusException(refused.Status) : new InvalidOperationException("pods could not be brought to their number", failure);
        }

        return intent.MinReadySeconds > 0 && ReplicaCounts.NextAvailable(active, intent.MinReadySeconds, now) is { } wait
            ? Requeue.In(wait)
            : Requeue.Never;
    }

    protected abstract ReplicaIntent IntentOf(T set);

    /// <summary>Writes the status when it differs from what the set shows.</summary>
    protected abstract Task ReportAsync(T set, ReplicaCounts counts, Exception? failure, int surplus, CancellationToken cancellationToken);

    /// <summary>The pods that count as neighbours when one of the set's is to go; by default its own.</summary>
    protected virtual IEnumerable<Pod> SiblingPodsOf(T set, IReadOnlyList<Pod> own) => own;

    protected IReadOnlyList<Pod> PodsOwnedBy(string uid) => _pods.ListByOwner(uid);

    protected override void Subscribe()
    {
        _sets.OnChange((old, current) =>
        {
            if (old is not null && old.Metadata.Uid != current?.Metadata.Uid)
            {
                _expectations.Forget(old.Metadata.Uid);
            }

            Queue.Add(NamespacedName.Of(current ?? old!));
        });
        _pods.OnChange(OnPodChange);
    }

    private void OnPodChange(Pod? old, Pod? current)
    {
        var oldOwner = old is null ? null : KeyOfOwner(old);
        var owner = current is null ? null : KeyOfOwner(current);
        if (old is null && current is { Metadata.DeletionTimestamp: null } && OwnerReferences.ControllerOf(current) is { } creator)
        {
            _expectations.CreationSettled(creator.Uid);
        }
        else if (old is not null && OwnerReferences.ControllerOf(old) is { } deleter
            && (current is null || current.Metadata.DeletionTimestamp is not null || current.Metadata.Uid != old.Metadata.Uid))
        {
            _expectations.DeletionSettled(deleter.Uid, old.Metadata.Uid);
        }

        if (oldOwner is { } before)
        {
            Queue.Add(before);
        }

        if (owner is { } now)
        {
            Queue.Add(now);
        }
        else if (current is not null && OwnerReferences.ControllerOf(current) is null)
        {
            foreach (var set in _sets.List(current.Metadata.Namespace))
            {
                if (IntentOf(set).Selector is { IsEmpty: false } selector && selector.Matches(current.Metadata.Labels))
                {
                    Queue.Add(NamespacedName.Of(set));
                }
            }
        }
    }

    private static NamespacedName? KeyOfOwner(Pod pod) =>
        OwnerReferences.ControllerOf(pod) is { } owner && owner.Kind == T.ObjectKind.Kind && owner.ApiVersion == T.ObjectKind.ApiVersion
            ? new NamespacedName(pod.Metadata.Namespace, owner.Name)
            : null;

    private Dictionary<string, int> NeighboursOf(T set, IReadOnlyList<Pod> active) => SiblingPodsOf(set, active)
        .Where(PodConditions.IsActive)
        .GroupBy(pod => pod.Spec.NodeName, StringComparer.Ordinal)
        .ToDictionary(node => node.Key, node => node.Count(), StringComparer.Ordinal);

    private async Task ApplyAsync(T set, ReplicaIntent intent, ReplicaPlan plan, CancellationToken cancellationToken)
    {
        if (plan.Create > 0)
        {
            _expectations.ExpectCreations(set.Metadata.Uid, plan.Create);
            var pod = PodFromTemplate.Make(intent.Template, set);
            await SlowStart.RunAsync(
                plan.Create,
                () => CreateAsync(set, pod, cancellationToken),
                notStarted => Enumerable.Range(0, notStarted).ToList().ForEach(_ => _expectations.CreationSettled(set.Metadata.Uid)));
        }
        else if (plan.Delete.Count > 0)
        {
            _expectations.ExpectDeletions(set.Metadata.Uid, plan.Delete.Select(pod => pod.Metadata.Uid));
            await Task.WhenAll(plan.Delete.Select(pod => DeleteAsync(set, pod, cancellationToken)));
        }
    }

    private async Task CreateAsync(T set, Pod pod, CancellationToken cancellationToken)
    {
        try
        {
            var created = await Client.CreateAsync(pod, cancellationToken);
            _events.Normal(set, "SuccessfulCreate", $"Created pod: {created.Metadata.Name}");
        }
        catch (Exception exception)
        {
            _expectations.CreationSettled(set.Metadata.Uid);
            if (exception is not KubeStatusException { IsNamespaceTerminating: true } and not OperationCanceledException)
            {
                _events.Warning(set, "FailedCreate", $"Error creating: {exception.Message}");
            }

            throw;
        }
    }

    private async Task DeleteAsync(T set, Pod pod, CancellationToken cancellationToken)
    {
        try
        {
            var options = DeleteOptions.Empty with { Preconditions = new Api.Meta.V1.Preconditions { Uid = pod.Metadata.Uid } };
            await Client.DeleteAsync<Pod>(pod.Metadata.Namespace, pod.Metadata.Name, options, cancellationToken);
            _events.Normal(set, "SuccessfulDelete", $"Deleted pod: {pod.Metadata.Name}");
        }
        catch (KubeStatusException exception) when (exception.IsNotFound || exception.IsConflict)
        {
            _expectations.DeletionSettled(set.Metadata.Uid, pod.Metadata.Uid);
        }
        catch (Exception exception)
        {
            _expectations.DeletionSettled(set.Metadata.Uid, pod.Metadata.Uid);
            _events.Warning(set, "FailedDelete", $"Error deleting: {exception.Message}");
            throw;
        }
    }
}
