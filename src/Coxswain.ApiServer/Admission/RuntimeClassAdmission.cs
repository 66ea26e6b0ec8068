using System.Text.Json.Nodes;
using Coxswain.Api.Errors;
using Coxswain.Api.Json;
using Coxswain.ApiServer.Documents;
using Coxswain.Store;

namespace Coxswain.ApiServer.Admission;

/// <summary>Gives a Pod what its RuntimeClass says of overhead and of the nodes that have the runtime.</summary>
internal sealed class RuntimeClassAdmission(IStore store) : IAdmissionPlugin
{
    public async ValueTask<bool> MutateAsync(AdmissionContext context, CancellationToken cancellationToken)
    {
        if (context.Operation != AdmissionOperation.Create || !context.Is("", "pods") || context.Document is not { } pod)
        {
            return false;
        }

        var spec = pod.ObjectOrNew("spec");
        var name = spec.Text("runtimeClassName");
        if (name.Length == 0)
        {
            return spec.Object("overhead") is null or { Count: 0 } ? false : throw Refusal(context, "pod rejected: Pod Overhead set without corresponding RuntimeClass defined Overhead");
        }

        var entry = await store.GetAsync($"/registry/node.k8s.io/runtimeclasses/{name}", cancellationToken)
            ?? throw Refusal(context, $"pod rejected: RuntimeClass \"{name}\" not found");
        var runtime = Document.Decode(entry.Value);
        var overhead = runtime.Object("overhead")?.Object("podFixed");
        if (spec.Object("overhead") is { Count: > 0 } own && !JsonEquality.Equal(own, overhead))
        {
            throw Refusal(context, "pod rejected: Pod's Overhead doesn't match RuntimeClass's defined Overhead");
        }

        if (overhead is not null)
        {
            spec["overhead"] = overhead.DeepClone();
        }

        Schedule(context, spec, runtime.Object("scheduling") ?? []);
        return true;
    }

    private static void Schedule(AdmissionContext context, JsonObject spec, JsonObject scheduling)
    {
        foreach (var (label, value) in scheduling.Object("nodeSelector") ?? [])
        {
            var selector = spec.ObjectOrNew("nodeSelector");
            if (selector.ContainsKey(label) && !JsonEquality.Equal(selector[label], value))
            {
                throw Refusal(context, $"conflict: runtimeClass.scheduling.nodeSelector[{label}] = {value}; pod.spec.nodeSelector[{label}] = {selector[label]}");
            }

            selector[label] = value?.DeepClone();
        }

        foreach (var toleration in scheduling.Array("tolerations") ?? [])
        {
            var tolerations = spec.Items("tolerations");
            if (!tolerations.Any(own => JsonEquality.Equal(own, toleration)))
            {
                tolerations.Add(toleration?.DeepClone());
            }
        }
    }

    private static KubeStatusException Refusal(AdmissionContext context, string why) => new(Statuses.Forbidden("pods", context.Request.Name, why));
}
