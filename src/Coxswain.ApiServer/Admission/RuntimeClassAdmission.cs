using System.Text.Json.Nodes;
using Coxswain.Api.Errors;
using Coxswain.Api.Json;
using Coxswain.Api.NodeClasses.V1;
using Coxswain.ApiServer.Documents;
using Coxswain.Store;

namespace Coxswain.ApiServer.Admission;

/// <summary>A Pod's runtime class must be there; what it says of overhead and of where it runs becomes the Pod's own.</summary>
internal sealed class RuntimeClassAdmission(IStore store) : IAdmissionPlugin
{
    private const string Prefix = "/registry/node.k8s.io/runtimeclasses/";

    public async ValueTask<bool> MutateAsync(AdmissionContext context, CancellationToken cancellationToken)
    {
        if (context.Operation != AdmissionOperation.Create || !context.Is("", "pods") || context.Document?.Object("spec") is not { } spec
            || spec.Text("runtimeClassName") is not { Length: > 0 } name)
        {
            return false;
        }

        if (await store.GetAsync(Prefix + name, cancellationToken) is not { } entry)
        {
            throw Refused(context, $"RuntimeClass \"{name}\" not found");
        }

        var runtime = StoredObject.Of(entry).As<RuntimeClass>();
        if (runtime.Overhead is { PodFixed.Count: > 0 })
        {
            SetOverhead(context, spec, Document(runtime)!.Object("overhead")?.Object("podFixed"));
        }

        if (runtime.Scheduling is not null && Document(runtime)!.Object("scheduling") is { } scheduling)
        {
            SetPlace(context, spec, scheduling);
        }

        return true;
    }

    private static void SetOverhead(AdmissionContext context, JsonObject spec, JsonObject? overhead)
    {
        if (spec["overhead"] is { } given && !JsonEquality.Equal(given, overhead))
        {
            throw Refused(context, "Pod's Overhead doesn't match RuntimeClass's defined Overhead");
        }

        spec["overhead"] = overhead?.DeepClone();
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
