using System.Runtime.CompilerServices;
using System.Text.Json.Nodes;
using Coxswain.Api;
using Coxswain.Api.Core.V1;
using Coxswain.Api.Errors;
using Coxswain.Api.Json;
using Coxswain.Api.Meta.V1;
using Coxswain.Api.Resources;
using Coxswain.Client;
using V1Binding = Coxswain.Api.Core.V1.Binding;

namespace Coxswain.Testing.Client;

/// <summary>
/// An API server in memory, for tests of controllers without one: resourceVersions, conflicts, generations, status
/// subresources, watches, deletion with grace periods, propagation and finalizers. No admission, defaulting or validation.
/// </summary>
public sealed class FakeKubeClient(TimeProvider time) : IKubeClient
{
    private readonly Lock _lock = new();
    private readonly SortedDictionary<string, Entry> _objects = new(StringComparer.Ordinal);
    private readonly List<Change> _log = [];
    private readonly HashSet<string> _endedNamespaces = new(StringComparer.Ordinal);
    private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private long _revision = 1;
    private long _compacted;
    private int _names;

    /// <summary>Called before each request with its verb and resource; throws to make the request fail.</summary>
    public Action<string, ApiResource>? BeforeRequest { get; set; }

    public Task<T> GetAsync<T>(ApiResource resource, string? @namespace, string name, CancellationToken cancellationToken)
        where T : IKubeObject<T>
    {
        Begin("get", resource, cancellationToken);
        lock (_lock)
        {
            return Task.FromResult(As<T>(Find(resource, @namespace, name).Object));
        }
    }

    public Task<KubeList<T>> ListAsync<T>(ApiResource resource, string? @namespace, ListQuery query, CancellationToken cancellationToken)
        where T : IKubeObject<T>
    {
        Begin("list", resource, cancellationToken);
        lock (_lock)
        {
            var items = Select(resource, @namespace, query).Select(entry => As<T>(entry.Object)).ToList();
            return Task.FromResult(new KubeList<T>(items, ListMeta.Empty with { ResourceVersion = $"{_revision}" }));
        }
    }

    public async IAsyncEnumerable<WatchEvent<T>> WatchAsync<T>(
        ApiResource resource, string? @namespace, WatchQuery query, [EnumeratorCancellation] CancellationToken cancellationToken)
        where T : IKubeObject<T>
    {
        Begin("watch", resource, cancellationToken);
        var seen = long.Parse(query.ResourceVersion);
        bool Selected(IKubeObject? obj) => obj is not null && FakeSelectors.Matches(obj, query.LabelSelector, query.FieldSelector);
        while (true)
        {
            List<Change> changes;
            Task changed;
            lock (_lock)
            {
                if (seen < _compacted)
                {
                    throw Refuse(StatusReason.Expired, 410, $"too old resource version: {seen} ({_compacted})");
                }

                changed = _changed.Task;
                changes = _log[(_log.FindLastIndex(change => change.Revision <= seen) + 1)..];
            }

            foreach (var change in changes)
            {
                seen = change.Revision;
                if (change.Resource.QualifiedName != resource.QualifiedName || (@namespace is not null && change.Object.Metadata.Namespace != @namespace))
                {
                    continue;
                }

                var isMatch = change.Type != WatchEventType.Deleted && Selected(change.Object);
                var wasMatch = Selected(change.Old);
                if (isMatch || wasMatch)
                {
                    var type = !isMatch ? WatchEventType.Deleted : wasMatch ? WatchEventType.Modified : WatchEventType.Added;
                    yield return new WatchEvent<T>(type, As<T>(change.Object));
                }
            }

            await changed.WaitAsync(cancellationToken);
        }
    }

    public Task<T> CreateAsync<T>(ApiResource resource, T obj, CancellationToken cancellationToken)
        where T : IKubeObject<T>
    {
        Begin("create", resource, cancellationToken);
        lock (_lock)
        {
            var name = obj.Metadata.Name.Length > 0 ? obj.Metadata.Name : $"{obj.Metadata.GenerateName}{++_names:x5}";
            if (_objects.ContainsKey(Key(resource, obj.Metadata.Namespace, name)))
            {
                throw Refuse(StatusReason.AlreadyExists, 409, $"{resource.QualifiedName} \"{name}\" already exists");
            }

            if (resource.Namespaced && _endedNamespaces.Contains(obj.Metadata.Namespace))
            {
                throw Refuse(StatusReason.NotFound, 404, $"namespaces \"{obj.Metadata.Namespace}\" not found");
            }

            if (resource.Namespaced && Stored("/namespaces//" + obj.Metadata.Namespace) is Namespace { Metadata.DeletionTimestamp: not null })
            {
                throw new KubeStatusException(new Status
                {
                    Reason = StatusReason.Forbidden,
                    Code = 403,
                    Message = $"{resource.QualifiedName} \"{name}\" is forbidden: unable to create new content in namespace {obj.Metadata.Namespace} because it is being terminated",
                    Details = new StatusDetails { Causes = [new StatusCause { Reason = "NamespaceTerminating" }] },
                });
            }

            var created = obj.WithMetadata(obj.Metadata with
            {
                Name = name,
                Uid = $"00000000-0000-0000-0000-{_revision + 1:d12}",
                CreationTimestamp = Seconds(time.GetUtcNow()),
                Generation = 1,
            });
            return Task.FromResult((T)Put(new Entry(resource, created, bytes => KubeJson.Deserialize<T>(bytes)), null));
        }
    }

    public Task<T> UpdateAsync<T>(ApiResource resource, T obj, string subresource, CancellationToken cancellationToken)
        where T : IKubeObject<T>
    {
        Begin("update", resource, cancellationToken);
        lock (_lock)
        {
            var entry = Find(resource, obj.Metadata.Namespace, obj.Metadata.Name);
            return Task.FromResult(As<T>(ChangeObject(entry, ObjectDocuments.Parse(obj), subresource)));
        }
    }

    public Task<T> PatchAsync<T>(
        ApiResource resource, string? @namespace, string name, KubePatch patch, string subresource, CancellationToken cancellationToken)
        where T : IKubeObject<T>
    {
        Begin("patch", resource, cancellationToken);
        if (patch.Type is not (Coxswain.Client.PatchType.Merge or Coxswain.Client.PatchType.StrategicMerge))
        {
            throw new NotSupportedException($"patch of type {patch.Type}");
        }

        lock (_lock)
        {
            var entry = Find(resource, @namespace, name);
            var merged = ObjectDocuments.Merge(ObjectDocuments.Parse(entry.Object), JsonNode.Parse(patch.Body.Span));
            return Task.FromResult(As<T>(ChangeObject(entry, merged!.AsObject(), subresource)));
        }
    }

    public Task DeleteAsync(ApiResource resource, string? @namespace, string name, DeleteOptions options, CancellationToken cancellationToken)
    {
        Begin("delete", resource, cancellationToken);
        lock (_lock)
        {
            Delete(Find(resource, @namespace, name), options);
        }

        return Task.CompletedTask;
    }

    public Task DeleteCollectionAsync(
        ApiResource resource, string? @namespace, ListQuery query, DeleteOptions options, CancellationToken cancellationToken)
    {
        Begin("deletecollection", resource, cancellationToken);
        lock (_lock)
        {
            foreach (var entry in Select(resource, @namespace, query).ToList())
            {
                Delete(entry, options);
            }
        }

        return Task.CompletedTask;
    }

    public Task<TResult> PostAsync<TBody, TResult>(
        ApiResource resource, string? @namespace, string name, string subresource, TBody body, CancellationToken cancellationToken)
        where TBody : IKubeType<TBody>
        where TResult : IKubeType<TResult>
    {
        Begin($"create/{subresource}", resource, cancellationToken);
        lock (_lock)
        {
            var entry = Find(resource, @namespace, name);
            switch (body)
            {
                case V1Binding binding:
                    Bind(entry, binding);
                    break;
                default:
                    throw new NotSupportedException($"{resource.Plural}/{subresource}");
            }
        }

        return Task.FromResult(KubeJson.Deserialize<TResult>("{}"u8));
    }

    /// <summary>Forgets the log: every watch that runs or resumes from before must list again.</summary>
    public void Compact()
    {
        lock (_lock)
        {
            _compacted = ++_revision;
            _log.Clear();
            Wake();
        }
    }

    private void Bind(Entry entry, V1Binding binding)
    {
        var pod = (Pod)entry.Object;
        if (pod.Spec.NodeName.Length > 0)
        {
            throw Refuse(StatusReason.Conflict, 409, $"pod {pod.Metadata.Name} is already assigned to node \"{pod.Spec.NodeName}\"");
        }

        Put(entry with
        {
            Object = pod with
            {
                Spec = pod.Spec with { NodeName = binding.Target.Name },
                Status = pod.Status with
                {
                    Conditions = [.. pod.Status.Conditions.Where(condition => condition.Type != "PodScheduled"), new PodCondition { Type = "PodScheduled", Status = "True" }],
                },
            },
        }, pod);
    }

    private IKubeObject ChangeObject(Entry entry, JsonObject updated, string subresource)
    {
        var old = entry.Object;
        var updatedMetadata = entry.Read(System.Text.Encoding.UTF8.GetBytes(updated.ToJsonString())).Metadata;
        if (updatedMetadata.ResourceVersion.Length > 0 && updatedMetadata.ResourceVersion != old.Metadata.ResourceVersion)
        {
            throw Refuse(StatusReason.Conflict, 409, $"Operation cannot be fulfilled on {entry.Resource.QualifiedName} \"{old.Metadata.Name}\": the object has been modified; please apply your changes to the latest version and try again");
        }

        if (updatedMetadata.Uid.Length > 0 && updatedMetadata.Uid != old.Metadata.Uid)
        {
            throw Refuse(StatusReason.Conflict, 409, $"Precondition failed: UID in precondition: {updatedMetadata.Uid}, UID in object meta: {old.Metadata.Uid}");
        }

        var oldDocument = ObjectDocuments.Parse(old);
        var document = ObjectDocuments.Replace(oldDocument, updated, subresource);
        var changedSpec = !JsonNode.DeepEquals(document["spec"], oldDocument["spec"]);
        var result = entry.Read(System.Text.Encoding.UTF8.GetBytes(document.ToJsonString()));
        var metadata = result.Metadata with
        {
            Uid = old.Metadata.Uid,
            ResourceVersion = old.Metadata.ResourceVersion,
            CreationTimestamp = old.Metadata.CreationTimestamp,
            DeletionTimestamp = old.Metadata.DeletionTimestamp,
            DeletionGracePeriodSeconds = old.Metadata.DeletionGracePeriodSeconds,
            Generation = old.Metadata.Generation + (changedSpec ? 1 : 0),
        };
        result = entry.WithMetadata(result, metadata);
        if (result.Equals(old))
        {
            return old;
        }

        var put = Put(entry with { Object = result }, old);
        RemoveWhenFinal(entry with { Object = put });
        return put;
    }

    private void Delete(Entry entry, DeleteOptions options)
    {
        var obj = entry.Object;
        if (options.Preconditions?.Uid is { } uid && uid != obj.Metadata.Uid)
        {
            throw Refuse(StatusReason.Conflict, 409, $"Precondition failed: UID in precondition: {uid}, UID in object meta: {obj.Metadata.Uid}");
        }

        if (options.Preconditions?.ResourceVersion is { } version && version != obj.Metadata.ResourceVersion)
        {
            throw Refuse(StatusReason.Conflict, 409, $"Precondition failed: ResourceVersion in precondition: {version}, ResourceVersion in object meta: {obj.Metadata.ResourceVersion}");
        }

        var grace = obj is Pod { Spec.NodeName.Length: > 0 } pod && pod.Status.Phase is not ("Succeeded" or "Failed")
            ? options.GracePeriodSeconds ?? pod.Spec.TerminationGracePeriodSeconds ?? 30
            : 0;
        var finalizers = obj.Metadata.Finalizers.Where(name => name is not ("foregroundDeletion" or "orphan")).ToList();
        if (options.PropagationPolicy == DeletionPropagation.Foreground)
        {
            finalizers.Add("foregroundDeletion");
        }
        else if (options.PropagationPolicy == DeletionPropagation.Orphan || options.OrphanDependents == true)
        {
            finalizers.Add("orphan");
        }

        var marked = entry.WithMetadata(obj, obj.Metadata with
        {
            Finalizers = finalizers,
            DeletionTimestamp = obj.Metadata.DeletionTimestamp is { } at && grace > 0 ? at : Seconds(time.GetUtcNow()) + TimeSpan.FromSeconds(grace),
            DeletionGracePeriodSeconds = grace,
            Generation = obj.Metadata.Generation + (obj.Metadata.DeletionTimestamp is null ? 1 : 0),
        });
        if (marked is Namespace space)
        {
            marked = space with { Status = space.Status with { Phase = "Terminating" } };
        }

        if (IsFinal(marked))
        {
            Remove(entry, marked);
        }
        else if (obj.Metadata.DeletionTimestamp is null || obj.Metadata.DeletionGracePeriodSeconds != grace || obj.Metadata.Finalizers.Count != finalizers.Count)
        {
            Put(entry with { Object = marked }, obj);
        }
    }

    private static bool IsFinal(IKubeObject obj) =>
        obj.Metadata is { DeletionTimestamp: not null, Finalizers.Count: 0, DeletionGracePeriodSeconds: 0 or null }
        && obj is not Namespace { Spec.Finalizers.Count: > 0 };

    private void RemoveWhenFinal(Entry entry)
    {
        if (IsFinal(entry.Object))
        {
            Remove(entry, entry.Object);
        }
    }

    private void Remove(Entry entry, IKubeObject last)
    {
        _objects.Remove(entry.Key);
        if (last is Namespace)
        {
            _endedNamespaces.Add(last.Metadata.Name);
        }

        Append(WatchEventType.Deleted, entry.Resource, entry.WithMetadata(last, last.Metadata with { ResourceVersion = $"{++_revision}" }), entry.Object);
    }

    private IKubeObject Put(Entry entry, IKubeObject? old)
    {
        var stored = entry.WithMetadata(entry.Object, entry.Object.Metadata with { ResourceVersion = $"{++_revision}" });
        _objects[entry.Key] = entry with { Object = stored };
        Append(old is null ? WatchEventType.Added : WatchEventType.Modified, entry.Resource, stored, old);
        return stored;
    }

    private void Append(WatchEventType type, ApiResource resource, IKubeObject obj, IKubeObject? old)
    {
        _log.Add(new Change(_revision, type, resource, obj, old));
        Wake();
    }

    private void Wake()
    {
        var changed = _changed;
        _changed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        changed.SetResult();
    }

    private void Begin(string verb, ApiResource resource, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        BeforeRequest?.Invoke(verb, resource);
    }

    private IEnumerable<Entry> Select(ApiResource resource, string? @namespace, ListQuery query) =>
        _objects.Values.Where(entry => entry.Resource.QualifiedName == resource.QualifiedName
            && (@namespace is null || entry.Object.Metadata.Namespace == @namespace)
            && FakeSelectors.Matches(entry.Object, query.LabelSelector, query.FieldSelector));

    private Entry Find(ApiResource resource, string? @namespace, string name) =>
        _objects.GetValueOrDefault(Key(resource, @namespace ?? "", name))
        ?? throw Refuse(StatusReason.NotFound, 404, $"{resource.QualifiedName} \"{name}\" not found");

    private IKubeObject? Stored(string key) => _objects.GetValueOrDefault(key)?.Object;

    private static string Key(ApiResource resource, string @namespace, string name) => $"/{resource.QualifiedName}/{@namespace}/{name}";

    private static T As<T>(IKubeObject obj)
        where T : IKubeObject<T> =>
        obj is T typed ? typed : (T)(object)new PartialObjectMetadata { Metadata = obj.Metadata };

    private static DateTimeOffset Seconds(DateTimeOffset at) => new(at.Ticks - (at.Ticks % TimeSpan.TicksPerSecond), at.Offset);

    private static KubeStatusException Refuse(string reason, int code, string message) =>
        new(new Status { StatusValue = "Failure", Reason = reason, Code = code, Message = message });

    private sealed record Change(long Revision, WatchEventType Type, ApiResource Resource, IKubeObject Object, IKubeObject? Old);

    private sealed record Entry(ApiResource Resource, IKubeObject Object, Func<byte[], IKubeObject> Read)
    {
        public string Key => FakeKubeClient.Key(Resource, Object.Metadata.Namespace, Object.Metadata.Name);

        public IKubeObject WithMetadata(IKubeObject obj, ObjectMeta metadata)
        {
            var document = ObjectDocuments.Parse(obj);
            document["metadata"] = JsonNode.Parse(KubeJson.Serialize(metadata));
            return Read(System.Text.Encoding.UTF8.GetBytes(document.ToJsonString()));
        }
    }
}
