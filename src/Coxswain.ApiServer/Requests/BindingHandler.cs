using System.Text.Json.Nodes;
using Coxswain.Api;
using Coxswain.Api.Errors;
using Coxswain.Api.Json;
using Coxswain.Api.Scalars;
using Coxswain.ApiServer.Documents;
using Coxswain.ApiServer.Resources;
using Coxswain.ApiServer.Verbs;

namespace Coxswain.ApiServer.Requests;

/// <summary>Binds a Pod to a node: the scheduler's one write.</summary>
internal sealed class BindingHandler(ObjectUpdater updater, CatalogueHolder resources, TimeProvider time) : IPostHandler
{
    public static readonly ObjectKind Kind = new("v1", "Binding");

    public async ValueTask<JsonObject> HandleAsync(ApiRequest request, JsonObject body, CancellationToken cancellationToken)
    {
        var name = request.Name.Length > 0 ? request.Name : body.Metadata().Text("name");
        if (body.Metadata().Text("name") is { Length: > 0 } given && given != name)
        {
            throw new KubeStatusException(Statuses.BadRequest($"the name of the object ({given}) does not match the name on the URL ({name})"));
        }

        var node = body.TextAt("target", "name");
        if (node.Length == 0)
        {
            throw new KubeStatusException(Statuses.Invalid(Kind, name, [FieldError.Required("target.name")]));
        }

        if (body.TextAt("target", "kind") is not ("" or "Node"))
        {
            throw new KubeStatusException(Statuses.Invalid(Kind, name,
                [FieldError.NotSupported("target.kind", body.TextAt("target", "kind"), ["Node", "<empty>"])]));
        }

        var pods = resources.Of<Coxswain.Api.Core.V1.Pod>();
        var update = request with { Resource = pods, Name = name, Subresource = "binding" };
        await updater.UpdateAsync(
            update, (pod, _, _) => ValueTask.FromResult(new Change(Bind(pod, body, name, node))), isAdmitted: true, cancellationToken);
        return Answers.Success(201);
    }

    private JsonObject Bind(JsonObject pod, JsonObject body, string name, string node)
    {
        var metadata = pod.Metadata();
        if (body.Metadata().Text("uid") is { Length: > 0 } uid && uid != metadata.Text("uid"))
        {
            throw new KubeStatusException(Statuses.PreconditionFailed("pods/binding", name, "UID", uid, metadata.Text("uid")));
        }

        if (metadata.Text("deletionTimestamp").Length > 0)
        {
            throw new KubeStatusException(Statuses.Conflict("pods/binding", name, $"pod {name} is being deleted, cannot be assigned to a host"));
        }

        var spec = pod.ObjectOrNew("spec");
        if (spec.Text("nodeName") is { Length: > 0 } bound)
        {
            throw new KubeStatusException(Statuses.Conflict("pods/binding", name, $"pod {name} is already assigned to node \"{bound}\""));
        }

        if (spec.Array("schedulingGates") is { Count: > 0 })
        {
            throw new KubeStatusException(Statuses.Conflict("pods/binding", name, $"pod {name} has non-empty .spec.schedulingGates"));
        }

        spec["nodeName"] = node;
        foreach (var (key, value) in body.Metadata().Object("annotations") ?? [])
        {
            metadata.ObjectOrNew("annotations")[key] = value?.DeepClone();
        }

        SetScheduled(pod.ObjectOrNew("status").Items("conditions"));
        return pod;
    }

    private void SetScheduled(JsonArray conditions)
    {
        var condition = conditions.OfType<JsonObject>().FirstOrDefault(item => item.Text("type") == "PodScheduled");
        if (condition is null)
        {
            condition = new JsonObject { ["type"] = "PodScheduled" };
            conditions.Add(condition);
        }

        if (condition.Text("status") != "True")
        {
            condition["lastTransitionTime"] = KubeTime.Format(time.GetUtcNow());
        }

        condition["status"] = "True";
        condition.Remove("reason");
        condition.Remove("message");
    }
}
