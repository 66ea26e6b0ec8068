using System.Text.Json.Nodes;
using Coxswain.Api.Errors;
using Coxswain.Api.Json;
using Coxswain.Api.Meta.V1;
using Coxswain.Api.Resources;
using Coxswain.Client;
using Coxswain.Client.Reconcilers;
using Coxswain.Client.WorkQueues;
using Microsoft.Extensions.Logging;

namespace Coxswain.Controllers.GarbageCollection;

/// <summary>
/// Deletes what has lost all its owners, and carries out foreground deletion and orphaning
/// (https://kubernetes.io/docs/concepts/architecture/garbage-collection/). Nothing is deleted on the word of a cache: the
/// object and its owners are asked for, and an owner counts by its uid.
/// </summary>
internal sealed partial class GarbageCollector(ControllerContext context) : IController, IReconciler<GarbageItem>
{
    private const string ForegroundFinalizer = "foregroundDeletion";
    private const string OrphanFinalizer = "orphan";
    private const int Workers = 20;

    /// <summary>A kind that cannot be listed must not keep the rest from being collected. As long as Kubernetes waits.</summary>
    private static readonly TimeSpan SyncPatience = TimeSpan.FromSeconds(30);

    private readonly IKubeClient _client = context.ClientFor("generic-garbage-collector");
    private readonly ILogger _logger = context.LoggerFactory.CreateLogger<GarbageCollector>();
    private OwnershipGraph? _known;

    private WorkQueue<GarbageItem> Queue { get; } = new(context.Time);

    private OwnershipGraph Graph => _known ??= new OwnershipGraph(context.Discovery, context.Informers, OnChange);

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        using var end = cancellationToken.UnsafeRegister(_ => Queue.Dispose(), null);
        Graph.Refresh();
        await SyncAsync(cancellationToken);
        var host = new ReconcilerHost<GarbageItem>("garbage-collector", Queue, this, Workers, _logger);
        Task[] loops = [host.RunAsync(stop.Token), FollowAsync(stop.Token)];
        await await Task.WhenAny(loops);
        await stop.CancelAsync();
        await Task.WhenAll(loops);
    }

    public async Task<Requeue> ReconcileAsync(GarbageItem key, CancellationToken cancellationToken)
    {
        var obj = await FindAsync(key.Resource, key.Namespace, key.Name.Name, cancellationToken);
        if (obj is null || obj.Metadata.Uid != key.Uid)
        {
            return Requeue.Never;
        }

        if (obj.Metadata.DeletionTimestamp is null)
        {
            await JudgeAsync(key, obj, cancellationToken);
        }
        else if (obj.Metadata.Finalizers.Contains(OrphanFinalizer))
        {
            await OrphanDependentsAsync(key, obj, cancellationToken);
        }
        else if (obj.Metadata.Finalizers.Contains(ForegroundFinalizer))
        {
            await FinishForegroundAsync(key, obj, cancellationToken);
        }

        return Requeue.Never;
    }

    /// <summary>Kinds come and go with their definitions.</summary>
    private async Task FollowAsync(CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            await Graph.WaitForChangeAsync(cancellationToken);
            var come = Graph.Refresh();
            await SyncAsync(cancellationToken);

            // Whether owners of a kind exist could not be asked before; now it can.
            foreach (var (resource, dependent) in come.SelectMany(Graph.DependentsOf))
            {
                Queue.Add(GarbageItem.Of(resource, dependent));
            }
        }
    }

    private async Task SyncAsync(CancellationToken cancellationToken)
    {
        if (!await Graph.Inputs.TryWaitForSyncAsync(SyncPatience, context.Time, cancellationToken))
        {
            var missing = Graph.Inputs.Where(informer => !informer.HasSynced).Select(informer => informer.Resource.QualifiedName);
            Log.NotListed(_logger, string.Join(", ", missing));
        }
    }

    private static bool IsWaiting(PartialObjectMetadata obj) =>
        obj.Metadata.DeletionTimestamp is not null && obj.Metadata.Finalizers.Contains(ForegroundFinalizer);

    private void OnChange(ApiResource resource, PartialObjectMetadata? old, PartialObjectMetadata? current)
    {
        if (current is null)
        {
            AddDependents(old!.Metadata.Uid);
            foreach (var reference in old.Metadata.OwnerReferences)
            {
                if (Graph.Find(old, reference) is { } owner && IsWaiting(owner.Object))
                {
                    Queue.Add(GarbageItem.Of(owner.Resource, owner.Object));
                }
            }

            return;
        }

        var isMarked = current.Metadata.DeletionTimestamp is not null
            && (current.Metadata.Finalizers.Contains(ForegroundFinalizer) || current.Metadata.Finalizers.Contains(OrphanFinalizer));
        if (isMarked)
        {
            Queue.Add(GarbageItem.Of(resource, current));
        }

        // While the first lists come in, owners may simply not have been listed yet; they are asked for before anything is done.
        var hasNewOwners = old is null || !KubeEquality.Equal(old.Metadata.OwnerReferences, current.Metadata.OwnerReferences, (left, right) => left.Equals(right));
        if (hasNewOwners && current.Metadata.OwnerReferences.Any(owner => !Graph.Exists(owner.Uid)))
        {
            Queue.Add(GarbageItem.Of(resource, current));
        }

        if (old is not null && hasNewOwners)
        {
            foreach (var reference in old.Metadata.OwnerReferences)
            {
                if (Graph.Find(old, reference) is { } owner && IsWaiting(owner.Object))
                {
                    Queue.Add(GarbageItem.Of(owner.Resource, owner.Object));
                }
            }
        }
    }

    private void AddDependents(string uid)
    {
        foreach (var (resource, dependent) in Graph.DependentsOf(uid))
        {
            Queue.Add(GarbageItem.Of(resource, dependent));
        }
    }

    /// <summary>Deletes the object when no owner holds it any more; otherwise forgets the owners that are gone.</summary>
    private async Task JudgeAsync(GarbageItem item, PartialObjectMetadata obj, CancellationToken cancellationToken)
    {
        var verdicts = new List<(OwnerReference Reference, OwnerVerdict Verdict)>();
        foreach (var reference in obj.Metadata.OwnerReferences)
        {
            verdicts.Add((reference, await VerdictAsync(obj, reference, cancellationToken)));
        }

        if (verdicts.Count == 0)
        {
            return;
        }

        var solid = verdicts.Where(item => item.Verdict == OwnerVerdict.Solid).Select(item => item.Reference).ToList();
        if (solid.Count > 0)
        {
            if (solid.Count < verdicts.Count)
            {
                await PatchAsync(item, OwnerReferences.Patch(obj.Metadata, solid), cancellationToken);
            }

            return;
        }

        var isAwaited = verdicts.Exists(item => item.Verdict == OwnerVerdict.WaitingForDependents);
        var dependents = isAwaited ? Graph.DependentsOf(obj.Metadata.Uid).ToList() : [];
        if (dependents.Count == 0)
        {
            await DeleteAsync(item, obj, PolicyOf(obj), cancellationToken);
            return;
        }

        if (dependents.Exists(dependent => IsWaiting(dependent.Object)))
        {
            // A circle: each would wait for the other for ever. This one stops blocking.
            var unblocked = obj.Metadata.OwnerReferences.Select(owner => owner with { BlockOwnerDeletion = false });
            await PatchAsync(item, OwnerReferences.Patch(obj.Metadata, unblocked), cancellationToken);
            obj = await FindAsync(item.Resource, item.Namespace, item.Name.Name, cancellationToken) ?? obj;
        }

        await DeleteAsync(item, obj, DeletionPropagation.Foreground, cancellationToken);
    }

    private async Task<OwnerVerdict> VerdictAsync(PartialObjectMetadata dependent, OwnerReference reference, CancellationToken cancellationToken)
    {
        // An owner of a kind that is not served, or in a namespace for an object without one, cannot be asked: better kept than lost.
        if (Graph.ResourceOf(reference) is not { } resource || (resource.Namespaced && dependent.Metadata.Namespace.Length == 0))
        {
            return OwnerVerdict.Solid;
        }

        var owner = await FindAsync(resource, resource.Namespaced ? dependent.Metadata.Namespace : null, reference.Name, cancellationToken);
        return owner is null || owner.Metadata.Uid != reference.Uid ? OwnerVerdict.Absent
            : IsWaiting(owner) ? OwnerVerdict.WaitingForDependents
            : OwnerVerdict.Solid;
    }

    private static string PolicyOf(PartialObjectMetadata obj) =>
        obj.Metadata.Finalizers.Contains(OrphanFinalizer) ? DeletionPropagation.Orphan
        : obj.Metadata.Finalizers.Contains(ForegroundFinalizer) ? DeletionPropagation.Foreground
        : DeletionPropagation.Background;

    /// <summary>The owner goes once no dependent that blocks it is left.</summary>
    private async Task FinishForegroundAsync(GarbageItem item, PartialObjectMetadata obj, CancellationToken cancellationToken)
    {
        var blocking = Graph.DependentsOf(item.Uid)
            .Where(dependent => dependent.Object.Metadata.OwnerReferences.Any(owner => owner.Uid == item.Uid && owner.BlockOwnerDeletion == true))
            .ToList();
        if (blocking.Count == 0)
        {
            AddDependents(item.Uid);
            await RemoveFinalizerAsync(item, obj, ForegroundFinalizer, cancellationToken);
            return;
        }

        foreach (var (resource, dependent) in blocking)
        {
            if (dependent.Metadata.DeletionTimestamp is null)
            {
                Queue.Add(GarbageItem.Of(resource, dependent));
            }
        }
    }

    private async Task OrphanDependentsAsync(GarbageItem item, PartialObjectMetadata obj, CancellationToken cancellationToken)
    {
        foreach (var (resource, dependent) in Graph.DependentsOf(item.Uid).ToList())
        {
            var others = dependent.Metadata.OwnerReferences.Where(owner => owner.Uid != item.Uid);
            await PatchAsync(GarbageItem.Of(resource, dependent), OwnerReferences.Patch(dependent.Metadata, others), cancellationToken);
        }

        await RemoveFinalizerAsync(item, obj, OrphanFinalizer, cancellationToken);
    }

    private Task RemoveFinalizerAsync(GarbageItem item, PartialObjectMetadata obj, string finalizer, CancellationToken cancellationToken)
    {
        var document = new JsonObject
        {
            ["metadata"] = new JsonObject
            {
                ["uid"] = obj.Metadata.Uid,
                ["resourceVersion"] = obj.Metadata.ResourceVersion,
                ["finalizers"] = new JsonArray([.. obj.Metadata.Finalizers.Where(name => name != finalizer).Select(name => JsonValue.Create(name))]),
            },
        };
        return PatchAsync(item, KubePatch.Merge(document), cancellationToken);
    }

    private async Task PatchAsync(GarbageItem item, KubePatch patch, CancellationToken cancellationToken)
    {
        try
        {
            await _client.PatchAsync<PartialObjectMetadata>(item.Resource, item.Namespace, item.Name.Name, patch, "", cancellationToken);
        }
        catch (KubeStatusException exception) when (exception.IsNotFound)
        {
            // Gone is further than the patch would have brought it.
        }
    }

    private async Task DeleteAsync(GarbageItem item, PartialObjectMetadata obj, string policy, CancellationToken cancellationToken)
    {
        var options = DeleteOptions.Empty with
        {
            PropagationPolicy = policy,

            // The verdict holds for the object as it was read: one that was adopted meanwhile must not go.
            Preconditions = new Preconditions { Uid = obj.Metadata.Uid, ResourceVersion = obj.Metadata.ResourceVersion },
        };
        try
        {
            await _client.DeleteAsync(item.Resource, item.Namespace, item.Name.Name, options, cancellationToken);
        }
        catch (KubeStatusException exception) when (exception.IsNotFound)
        {
            // Gone is what was wanted.
        }
    }

    private async Task<PartialObjectMetadata?> FindAsync(ApiResource resource, string? @namespace, string name, CancellationToken cancellationToken)
    {
        try
        {
            return await _client.GetAsync<PartialObjectMetadata>(resource, @namespace, name, cancellationToken);
        }
        catch (KubeStatusException exception) when (exception.IsNotFound)
        {
            return null;
        }
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Warning, "Collecting garbage without knowing what there is of {Resources}, which cannot be listed")]
        public static partial void NotListed(ILogger logger, string resources);
    }
}
