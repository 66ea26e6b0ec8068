using System.Text;
using System.Text.Json.Nodes;
using Coxswain.Api.Json;

namespace Coxswain.Api.Defaulting;

/// <summary>The defaults that depend on other fields, by type. Each runs after the type's fixed defaults.</summary>
internal static class DefaultHooks
{
    private const string RbacGroup = "rbac.authorization.k8s.io";

    private static readonly Dictionary<string, Action<JsonObject>> Hooks = new(StringComparer.Ordinal)
    {
        ["core/v1.Pod"] = PodDefaults.Pod,
        ["core/v1.PodSpec"] = PodDefaults.PodSpec,
        ["core/v1.Container"] = PodDefaults.Container,
        ["core/v1.EphemeralContainer"] = PodDefaults.Container,
        ["core/v1.Volume"] = PodDefaults.Volume,
        ["core/v1.Service"] = ServiceDefaults.Service,
        ["core/v1.ServicePort"] = ServiceDefaults.Port,
        ["core/v1.ReplicationController"] = ReplicationController,
        ["core/v1.Namespace"] = Namespace,
        ["core/v1.NodeStatus"] = NodeStatus,
        ["core/v1.LimitRangeItem"] = LimitRangeItem,
        ["core/v1.Secret"] = Secret,
        ["apps/v1.Deployment"] = Deployment,
        ["apps/v1.DaemonSet"] = DaemonSet,
        ["apps/v1.StatefulSet"] = StatefulSet,
        ["batch/v1.Job"] = Job,
        ["networking/v1.NetworkPolicy"] = NetworkPolicy,
        ["rbac/v1.Subject"] = Subject,
        ["apiextensions/v1.CustomResourceDefinition"] = CustomResourceDefinition,
        ["resource/v1.ExactDeviceRequest"] = DeviceRequest,
        ["resource/v1.DeviceSubRequest"] = DeviceRequest,
    };

    public static IEnumerable<string> Types => Hooks.Keys;

    public static Action<JsonObject>? Find(string typeName) => Hooks.GetValueOrDefault(typeName);

    private static void Deployment(JsonObject node)
    {
        var strategy = node.ObjectOrNew("spec").ObjectOrNew("strategy");
        if (strategy.Text("type") == "RollingUpdate")
        {
            var rolling = strategy.ObjectOrNew("rollingUpdate");
            rolling.SetDefault("maxUnavailable", "25%");
            rolling.SetDefault("maxSurge", "25%");
        }
    }

    private static void DaemonSet(JsonObject node)
    {
        var strategy = node.ObjectOrNew("spec").ObjectOrNew("updateStrategy");
        if (strategy.Text("type") == "RollingUpdate")
        {
            var rolling = strategy.ObjectOrNew("rollingUpdate");
            rolling.SetDefault("maxUnavailable", 1);
            rolling.SetDefault("maxSurge", 0);
        }
    }

    private static void StatefulSet(JsonObject node)
    {
        var spec = node.ObjectOrNew("spec");
        var strategy = spec.ObjectOrNew("updateStrategy");
        if (strategy.Text("type") == "RollingUpdate")
        {
            strategy.ObjectOrNew("rollingUpdate").SetDefault("partition", 0);
        }

        foreach (var claim in spec.Array("volumeClaimTemplates")?.OfType<JsonObject>() ?? [])
        {
            claim.SetDefault("apiVersion", "v1");
            claim.SetDefault("kind", "PersistentVolumeClaim");
        }
    }

    private static void Job(JsonObject node)
    {
        var spec = node.ObjectOrNew("spec");
        if (!spec.ContainsKey("parallelism"))
        {
            if (!spec.ContainsKey("completions"))
            {
                spec["completions"] = 1L;
            }

            spec["parallelism"] = 1L;
        }

        spec.SetDefault("backoffLimit", spec.ContainsKey("backoffLimitPerIndex") ? int.MaxValue : 6);
        spec.SetDefault("podReplacementPolicy", spec.ContainsKey("podFailurePolicy") ? "Failed" : "TerminatingOrFailed");
        LabelsFromTemplate(node, spec);
    }

    private static void ReplicationController(JsonObject node)
    {
        var spec = node.ObjectOrNew("spec");
        LabelsFromTemplate(node, spec);
        if (TemplateLabels(spec) is { } labels && spec.Object("selector") is not { Count: > 0 })
        {
            spec["selector"] = labels.DeepClone();
        }
    }

    private static void LabelsFromTemplate(JsonObject node, JsonObject spec)
    {
        if (TemplateLabels(spec) is { } labels && node.ObjectOrNew("metadata") is var metadata && metadata.Object("labels") is not { Count: > 0 })
        {
            metadata["labels"] = labels.DeepClone();
        }
    }

    private static JsonObject? TemplateLabels(JsonObject spec) =>
        spec.Object("template")?.Object("metadata")?.Object("labels") is { Count: > 0 } labels ? labels : null;

    private static void Namespace(JsonObject node)
    {
        // The name may still be generated; the API server defaults again once it is.
        if (node.Object("metadata") is { } metadata && metadata.Text("name") is { Length: > 0 } name)
        {
            metadata.ObjectOrNew("labels").SetDefault("kubernetes.io/metadata.name", name);
        }
    }

    private static void NodeStatus(JsonObject node)
    {
        if (node.Object("capacity") is { } capacity && !node.ContainsKey("allocatable"))
        {
            node["allocatable"] = capacity.DeepClone();
        }
    }

    /// <summary>stringData is how text is written into data; it is never stored.</summary>
    private static void Secret(JsonObject node)
    {
        if (node.Object("stringData") is not { } texts)
        {
            return;
        }

        if (texts.Count > 0)
        {
            var data = node.ObjectOrNew("data");
            foreach (var (key, value) in texts)
            {
                data[key] = Convert.ToBase64String(Encoding.UTF8.GetBytes(value.TryText(out var text) ? text : ""));
            }
        }

        node.Remove("stringData");
    }

    private static void LimitRangeItem(JsonObject node)
    {
        if (node.Text("type") != "Container")
        {
            return;
        }

        node.Copy("max", "default");
        node.Copy("default", "defaultRequest");
        node.Copy("min", "defaultRequest");
    }

    private static void NetworkPolicy(JsonObject node)
    {
        var spec = node.ObjectOrNew("spec");
        if (spec.Array("policyTypes") is not { Count: > 0 })
        {
            spec["policyTypes"] = spec.Array("egress") is { Count: > 0 } ? new JsonArray("Ingress", "Egress") : new JsonArray("Ingress");
        }
    }

    private static void Subject(JsonObject node)
    {
        if (node.Text("kind") is "User" or "Group")
        {
            node.SetDefault("apiGroup", RbacGroup);
        }
    }

    private static void CustomResourceDefinition(JsonObject node)
    {
        if (node.Object("spec")?.Object("names") is { } names && names.Text("kind") is { Length: > 0 } kind)
        {
            names.SetDefault("singular", kind.ToLowerInvariant());
            names.SetDefault("listKind", kind + "List");
        }
    }

    private static void DeviceRequest(JsonObject node)
    {
        if (node.Text("allocationMode") == "ExactCount")
        {
            node.SetDefault("count", 1);
        }
    }
}
