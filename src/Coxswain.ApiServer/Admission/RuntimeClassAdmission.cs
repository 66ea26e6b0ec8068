using System.Text.Json.Nodes;
using Coxswain.Api.Core.V1;
using Coxswain.Api.Errors;
using Coxswain.Api.Json;
using Coxswain.Api.NodeClasses.V1;
using Coxswain.Api.Scalars;
using Coxswain.ApiServer.Documents;
using Coxswain.Store;

namespace Coxswain.ApiServer.Admission;

/// <summary>A Pod's runtime class must be there; what it says of overhead and of where it runs becomes the Pod's own.</summary>
internal sealed class RuntimeClassAdmission(IStore store) : IAdmissionPlugin
{
    private const string Prefix = "/registry/node.k8s.io/runtimeclasses/";

    public async ValueTask<bool> MutateAsync(AdmissionContext context, CancellationToken cancellationToken)
    {
        if (SpecOf(context) is not { } spec || await ClassOfAsync(context, spec, cancellationToken) is not { } runtime)
        {
            return false;
        }

        if (runtime.Overhead is { PodFixed.Count: > 0 } overhead)
        {
            if (spec.ContainsKey("overhead"))
            {
                CheckOverhead(context, spec, overhead.PodFixed);
            }

            spec["overhead"] = Document(runtime)!.Object("overhead")?.Object("podFixed")?.DeepClone();
        }

        if (runtime.Scheduling is not null && Document(runtime)!.Object("scheduling") is { } scheduling)
        {
            SetPlace(context, spec, scheduling);
        }

        return true;
    }

    /// <summary>Overhead comes from a class and from nowhere else: it counts against quotas and on the node.</summary>
    public async ValueTask ValidateAsync(AdmissionContext context, CancellationToken cancellationToken)
    {
        if (SpecOf(context) is not { } spec)
        {
            return;
        }

        var runtime = await ClassOfAsync(context, spec, cancellationToken);
        if (runtime?.Overhead is { PodFixed.Count: > 0 } overhead)
        {
            CheckOverhead(context, spec, overhead.PodFixed);
        }
        else if (spec.Object("overhead") is { Count: > 0 })
        {
            throw Refused(context, "Pod Overhead set without corresponding RuntimeClass defined Overhead");
        }
    }

    /// <summary>Null for everything but a new Pod.</summary>
    private static JsonObject? SpecOf(AdmissionContext context) =>
        context.Operation == AdmissionOperation.Create && context.Is("", "pods") ? context.Document?.Object("spec") : null;

    /// <summary>Null for a Pod that names none.</summary>
    private async ValueTask<RuntimeClass?> ClassOfAsync(AdmissionContext context, JsonObject spec, CancellationToken cancellationToken)
    {
        if (spec.Text("runtimeClassName") is not { Length: > 0 } name)
        {
            return null;
        }

        return await store.GetAsync(Prefix + name, cancellationToken) is { } entry
            ? StoredObject.Of(entry).As<RuntimeClass>() : throw Refused(context, $"RuntimeClass \"{name}\" not found");
    }

    private static void CheckOverhead(AdmissionContext context, JsonObject spec, IReadOnlyDictionary<string, Quantity> defined)
    {
        var given = KubeJson.Deserialize<PodSpec>(spec).Overhead;
        if (given.Count != defined.Count || defined.Any(item => !given.TryGetValue(item.Key, out var amount) || amount != item.Value))
        {
            throw Refused(context, "Pod's Overhead doesn't match RuntimeClass's defined Overhead");
        }
    }

    private static void SetPlace(AdmissionContext context, JsonObject spec, JsonObject scheduling)
    {
        foreach (var (key, value) in scheduling.Object("nodeSelector") ?? [])
        {
            var selector = spec.ObjectOrNew("nodeSelector");
            if (selector[key] is { } given && !JsonEquality.Equal(given, value))
            {
                throw Refused(context, "conflict: runtimeClass.scheduling.nodeSelector and pod.spec.nodeSelector do not agree on " + key);
            }

            selector[key] = value?.DeepClone();
        }

        foreach (var toleration in scheduling.Array("tolerations") ?? [])
        {
            if (spec["tolerations"] is not JsonArray tolerations)
            {
                spec["tolerations"] = tolerations = [];
            }

            if (!tolerations.Any(known => JsonEquality.Equal(known, toleration)))
            {
                tolerations.Add(toleration?.DeepClone());
            }
        }
    }

    private static JsonObject? Document(RuntimeClass runtime) => KubeJson.ParseNode(KubeJson.Serialize(runtime)) as JsonObject;

    private static KubeStatusException Refused(AdmissionContext context, string message) =>
        new(Statuses.Forbidden("pods", context.Request.Name, "pod rejected: " + message));
}
