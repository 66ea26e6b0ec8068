using System.Text;
using System.Text.Json.Nodes;
using Coxswain.Api;
using Coxswain.Api.Errors;
using Coxswain.Api.Json;
using Coxswain.Api.Schemata;
using Coxswain.Api.Selectors;
using Coxswain.ApiServer.Documents;
using Coxswain.ApiServer.Resources;
using Coxswain.Store;

namespace Coxswain.ApiServer.Verbs;

/// <summary>The <c>scale</c> subresource: the replica count of any workload, in one shape (autoscaling/v1 Scale).</summary>
internal static class ScaleDocument
{
    public static readonly ObjectKind Kind = new("autoscaling/v1", "Scale");

    public static Schema Schema { get; } = Schemas.Find(Kind)!; // a type of the built-in API

    /// <summary>The Scale of a stored workload, in stored form, at the workload's revision.</summary>
    public static StoreEntry Read(StoreEntry workload, ScalePaths paths) =>
        new(workload.Key, Document.Encode(From(Document.Decode(workload.Value), paths)), workload.CreateRevision, workload.ModRevision);

    /// <summary>Changes a workload as a changed Scale of it says.</summary>
    public static JsonObject Apply(JsonObject workload, JsonObject wanted, ScalePaths paths)
    {
        var replicas = wanted.IntegerAt("spec", "replicas") ?? 0;
        if (replicas < 0)
        {
            throw new KubeStatusException(Statuses.Invalid(Kind, workload.Metadata().Text("name"),
                [FieldError.Invalid("spec.replicas", replicas, "must be greater than or equal to 0")]));
        }

        Set(workload, paths, replicas);
        var metadata = workload.Metadata();
        metadata.Take("resourceVersion", wanted.Metadata());
        if (wanted.Metadata().Text("uid") is { Length: > 0 } uid)
        {
            metadata["uid"] = uid;
        }

        return workload;
    }

    /// <summary>What an applied Scale says of the workload.</summary>
    public static JsonObject ToConfiguration(JsonObject scale, ObjectKind workload, ScalePaths paths)
    {
        var configuration = new JsonObject { ["apiVersion"] = workload.ApiVersion, ["kind"] = workload.Kind };
        foreach (var name in (ReadOnlySpan<string>)["name", "namespace", "uid", "resourceVersion"])
        {
            configuration.Metadata().Take(name, scale.Metadata());
        }

        if (scale.IntegerAt("spec", "replicas") is { } replicas)
        {
            Set(configuration, paths, replicas);
        }

        return configuration;
    }

    public static JsonObject From(JsonObject workload, ScalePaths paths)
    {
        var metadata = new JsonObject();
        foreach (var name in (ReadOnlySpan<string>)["name", "namespace", "uid", "creationTimestamp", "resourceVersion"])
        {
            metadata.Take(name, workload.Metadata());
        }

        var status = new JsonObject { ["replicas"] = workload.IntegerAt(paths.StatusReplicas.Split('.')) ?? 0 };
        var selector = paths == ScalePaths.Workload ? Selector(workload["spec"]?["selector"] as JsonObject)
            : paths.LabelSelector is null ? "" : workload.TextAt(paths.LabelSelector.Split('.'));
        if (selector.Length > 0)
        {
            status["selector"] = selector;
        }

        return new JsonObject
        {
            ["metadata"] = metadata,
            ["kind"] = Kind.Kind,
            ["apiVersion"] = Kind.ApiVersion,
            ["spec"] = new JsonObject { ["replicas"] = workload.IntegerAt(paths.SpecReplicas.Split('.')) ?? 0 },
            ["status"] = status,
        };
    }

    private static void Set(JsonObject workload, ScalePaths paths, long replicas)
    {
        var steps = paths.SpecReplicas.Split('.');
        steps[..^1].Aggregate(workload, (node, name) => node.ObjectOrNew(name))[steps[^1]] = replicas;
    }

    private static string Selector(JsonObject? selector)
    {
        if (selector is null)
        {
            return "";
        }

        // A ReplicationController's selector is a plain map.
        if (!selector.ContainsKey("matchLabels") && !selector.ContainsKey("matchExpressions"))
        {
            selector = new JsonObject { ["matchLabels"] = selector.DeepClone() };
        }

        var typed = KubeJson.Deserialize<Coxswain.Api.Meta.V1.LabelSelector>(Encoding.UTF8.GetBytes(selector.ToJsonString()));
        return LabelSelector.From(typed).ToString();
    }
}
