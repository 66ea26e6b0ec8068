using System.Collections.Concurrent;
using Coxswain.Api.Core.V1;
using Coxswain.Api.Resources;
using Coxswain.Client;
using Coxswain.Client.Informers;
using Coxswain.Client.Reconcilers;
using Coxswain.Client.WorkQueues;

namespace Coxswain.Controllers.Core;

/// <summary>Ends namespaces: deletes all they hold, says what is in the way, and takes the <c>kubernetes</c> finalizer off when nothing is left.</summary>
internal sealed class NamespaceController : KeyedController
{
    private const string Finalizer = "kubernetes";

    /// <summary>Content other than pods ends unseen by this controller; it looks again, less and less often.</summary>
    private static readonly BackOff LookAgain = new(TimeSpan.FromMilliseconds(50), TimeSpan.FromSeconds(15));

    private readonly IKubeClient _client;
    private readonly TimeProvider _time;
    private readonly NamespaceContent _content;
    private readonly Informer<Namespace> _namespaces;
    private readonly Informer<Pod> _pods;
    private readonly ConcurrentDictionary<NamespacedName, int> _attempts = new();

    public NamespaceController(ControllerContext context)
        : base("namespace-controller", context)
    {
        _client = context.ClientFor("namespace-controller");
        _time = context.Time;
        _content = new NamespaceContent(_client, context.Discovery);
        _namespaces = context.Informers.Of<Namespace>();
        _pods = context.Informers.Of<Pod>();
    }

    protected override IReadOnlyList<IInformer> Inputs => [_namespaces, _pods];

    public override async Task<Requeue> ReconcileAsync(NamespacedName key, CancellationToken cancellationToken)
    {
        if (_namespaces.Get(key) is not { Metadata.DeletionTimestamp: not null } space)
        {
            _attempts.TryRemove(key, out _);
            return Requeue.Never;
        }

        if (!space.Spec.Finalizers.Contains(Finalizer))
        {
            return Requeue.Never;
        }

        var remains = await _content.DeleteAsync(key.Name, cancellationToken);
        if (remains.IsEmpty)
        {
            var finalized = space with { Spec = space.Spec with { Finalizers = [.. space.Spec.Finalizers.Where(name => name != Finalizer)] } };
            await _client.UpdateAsync(ApiResources.Of<Namespace>(), finalized, "finalize", cancellationToken);
            return Requeue.Never;
        }

        var conditions = remains.Conditions(space.Status.Conditions, _time.GetUtcNow());
        if (!conditions.SequenceEqual(space.Status.Conditions))
        {
            await _client.UpdateStatusAsync(space with { Status = space.Status with { Conditions = conditions } }, cancellationToken);
        }

        return Requeue.In(LookAgain.After(_attempts.AddOrUpdate(key, 0, (_, attempts) => attempts + 1)));
    }

    protected override void Subscribe()
    {
        _namespaces.OnChange((old, current) => Queue.Add(NamespacedName.Of(current ?? old!)));
        _pods.OnChange((old, current) =>
        {
            if (current is null && _namespaces.Get("", old!.Metadata.Namespace) is { Metadata.DeletionTimestamp: not null } space)
            {
                Queue.Add(NamespacedName.Of(space));
            }
        });
    }
}
