using Coxswain.Api;
using Coxswain.Client;
using Coxswain.Client.Informers;
using Coxswain.Client.Reconcilers;

namespace Coxswain.Controllers.Storage;

/// <summary>Keeps an object that is in use from being removed: a finalizer until it no longer is.</summary>
internal abstract class ProtectionController<T> : KeyedController
    where T : class, IKubeObject<T>
{
    private readonly IKubeClient _client;
    private readonly string _finalizer;

    protected ProtectionController(string account, string finalizer, ControllerContext context)
        : base(account, context)
    {
        _client = context.ClientFor(account);
        _finalizer = finalizer;
        Objects = context.Informers.Of<T>();
    }

    protected Informer<T> Objects { get; }

    public override async Task<Requeue> ReconcileAsync(NamespacedName key, CancellationToken cancellationToken)
    {
        if (Objects.Get(key) is not { } obj)
        {
            return Requeue.Never;
        }

        var isHeld = obj.Metadata.Finalizers.Contains(_finalizer);
        if (obj.Metadata.DeletionTimestamp is null && !isHeld)
        {
            await WriteAsync(obj, [.. obj.Metadata.Finalizers, _finalizer], cancellationToken);
        }
        else if (obj.Metadata.DeletionTimestamp is not null && isHeld && !IsInUse(obj))
        {
            await WriteAsync(obj, [.. obj.Metadata.Finalizers.Where(finalizer => finalizer != _finalizer)], cancellationToken);
        }

        return Requeue.Never;
    }

    protected abstract bool IsInUse(T obj);

    protected override void Subscribe() => Objects.OnChange((old, current) => Queue.Add(NamespacedName.Of(current ?? old!)));

    private Task WriteAsync(T obj, IReadOnlyList<string> finalizers, CancellationToken cancellationToken) =>
        _client.UpdateAsync(obj.WithMetadata(obj.Metadata with { Finalizers = finalizers }), cancellationToken);
}
