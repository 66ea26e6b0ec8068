using Coxswain.Api;
using Coxswain.Api.Core.V1;
using Coxswain.Api.Errors;
using Coxswain.Client;
using Coxswain.Client.Informers;
using Coxswain.Client.Reconcilers;
using Coxswain.Controllers.Pods;

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
    private readonly PodControl _control;

    protected ReplicaController(string name, ControllerContext context)
        : base(name, context, workers: 8)
    {
        _context = context;
        Client = context.ClientFor(name);
        _sets = context.Informers.Of<T>();
        _pods = context.Informers.Of<Pod>().WithOrphans();
        _own = new OwnedObjects<T, Pod>(Client, _pods, (_, pod) => pod.IsActive());
        _control = new PodControl(Client, context.Events.RecorderFor(name), context.Time);
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

        var expectationsMet = _control.Expectations.AreMet(set.Metadata.Uid);
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

        var counts = ReplicaCounts.Of(pods, active, intent.Template.Metadata.Labels, intent.MinReadySeconds, now);
        await ReportAsync(set, counts, failure, active.Count - intent.Replicas, cancellationToken);
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
                _control.Expectations.Forget(old.Metadata.Uid);
            }

            Queue.Add(NamespacedName.Of(current ?? old!));
        });
        _pods.OnChange(OnPodChange);
    }

    private void OnPodChange(Pod? old, Pod? current)
    {
        _control.Observe(old, current);
        foreach (var key in OwnerKeys.Concerned(_sets, old, current, set => IntentOf(set).Selector))
        {
            Queue.Add(key);
        }
    }

    private Dictionary<string, int> NeighboursOf(T set, IReadOnlyList<Pod> active) => SiblingPodsOf(set, active)
        .Where(PodConditions.IsActive)
        .GroupBy(pod => pod.Spec.NodeName, StringComparer.Ordinal)
        .ToDictionary(node => node.Key, node => node.Count(), StringComparer.Ordinal);

    private Task ApplyAsync(T set, ReplicaIntent intent, ReplicaPlan plan, CancellationToken cancellationToken) => _control.ApplyAsync(
        set, [.. Enumerable.Repeat(PodFromTemplate.Make(intent.Template, set), plan.Create)], plan.Delete, cancellationToken);
}
