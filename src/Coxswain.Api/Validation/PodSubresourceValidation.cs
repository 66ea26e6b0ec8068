using Coxswain.Api.Core.V1;
using Coxswain.Api.Errors;
using Coxswain.Api.Json;
using Coxswain.Api.Pods;
using Coxswain.Api.Scalars;

namespace Coxswain.Api.Validation;

/// <summary>What the subresources of a Pod may make of it: containers that are added to look into it, and other resources.</summary>
public static class PodSubresourceValidation
{
    private const string NotForEphemeral = "cannot be set for an Ephemeral Container";
    private static readonly string[] Resizable = [ResourceName.Cpu, ResourceName.Memory];

    /// <summary>A container that was added stays as it is; more may come.</summary>
    public static IReadOnlyList<FieldError> EphemeralContainers(Pod value, Pod old)
    {
        var errors = new FieldErrors();
        var names = value.Spec.InitContainers.Concat(value.Spec.Containers).Select(container => container.Name).ToHashSet(StringComparer.Ordinal);
        var context = new ContainerContext(value.Spec.Volumes.Select(volume => volume.Name).ToHashSet(), value.Spec.HostNetwork, names, []);
        for (var i = 0; i < value.Spec.EphemeralContainers.Count; i++)
        {
            Added(errors, value, value.Spec.EphemeralContainers[i], $"spec.ephemeralContainers[{i}]", context);
        }

        foreach (var before in old.Spec.EphemeralContainers)
        {
            var after = value.Spec.EphemeralContainers.FirstOrDefault(container => container.Name == before.Name);
            if (after is null)
            {
                errors.Forbidden("spec.ephemeralContainers", $"existing ephemeral containers \"{before.Name}\" may not be removed\n");
            }
            else if (after != before)
            {
                errors.Forbidden("spec.ephemeralContainers", $"existing ephemeral containers \"{before.Name}\" may not be changed\n");
            }
        }

        return errors.All;
    }

    /// <summary>CPU and memory may change, as long as the Pod's class of quality stays.</summary>
    public static IReadOnlyList<FieldError> Resize(Pod value, Pod old)
    {
        var errors = new FieldErrors();
        Resize(errors, value.Spec.Containers, old.Spec.Containers, "spec.containers");
        Resize(errors, value.Spec.InitContainers, old.Spec.InitContainers, "spec.initContainers");
        var quality = old.Status.QosClass.Length > 0 ? old.Status.QosClass : PodQuality.Of(old.Spec);
        if (PodQuality.Of(value.Spec) != quality)
        {
            errors.Invalid("spec", quality, "Pod QOS Class may not change as a result of resizing");
        }

        return errors.All;
    }

    private static void Added(FieldErrors errors, Pod pod, EphemeralContainer added, string path, ContainerContext context)
    {
        ContainerValidation.Check(errors, KubeJson.Deserialize<Container>(KubeJson.Serialize(added)), path, context, isInit: false);
        Forbid("ports", added.Ports.Count > 0);
        Forbid("livenessProbe", added.LivenessProbe is not null);
        Forbid("readinessProbe", added.ReadinessProbe is not null);
        Forbid("startupProbe", added.StartupProbe is not null);
        Forbid("lifecycle", added.Lifecycle is not null);
        Forbid("resources", added.Resources != ResourceRequirements.Empty);
        Forbid("resizePolicy", added.ResizePolicy.Count > 0);
        Forbid("restartPolicy", added.RestartPolicy is not null);
        Forbid("restartPolicyRules", added.RestartPolicyRules.Count > 0);
        for (var i = 0; i < added.VolumeMounts.Count; i++)
        {
            Forbid($"volumeMounts[{i}].subPath", added.VolumeMounts[i].SubPath.Length > 0);
            Forbid($"volumeMounts[{i}].subPathExpr", added.VolumeMounts[i].SubPathExpr.Length > 0);
        }

        if (added.TargetContainerName is { Length: > 0 } target
            && !pod.Spec.InitContainers.Concat(pod.Spec.Containers).Any(container => container.Name == target))
        {
            errors.Add(FieldError.NotFound(path + ".targetContainerName", target));
        }

        void Forbid(string field, bool isSet)
        {
            if (isSet)
            {
                errors.Forbidden($"{path}.{field}", NotForEphemeral);
            }
        }
    }

    private static void Resize(FieldErrors errors, IReadOnlyList<Container> now, IReadOnlyList<Container> before, string path)
    {
        for (var i = 0; i < Math.Min(now.Count, before.Count); i++)
        {
            var at = $"{path}[{i}].resources";
            var (value, old) = (now[i].Resources, before[i].Resources);
            if (value == old)
            {
                continue;
            }

            if (path == "spec.initContainers" && now[i].RestartPolicy != ContainerRestartPolicy.Always)
            {
                errors.Forbidden(at, "only sidecar containers among the init containers can be resized");
                continue;
            }

            ResourceValidation.Check(errors, value, at);
            Kept(errors, value.Limits, old.Limits, at + ".limits", "limits");
            Kept(errors, value.Requests, old.Requests, at + ".requests", "requests");
            if (!SameOthers(value.Limits, old.Limits) || !SameOthers(value.Requests, old.Requests) || !value.Claims.SequenceEqual(old.Claims))
            {
                errors.Forbidden("spec", "only cpu and memory resources are mutable");
            }
        }
    }

    private static void Kept(
        FieldErrors errors, IReadOnlyDictionary<string, Quantity> now, IReadOnlyDictionary<string, Quantity> before, string path, string what)
    {
        if (before.Keys.Any(name => Resizable.Contains(name) && !now.ContainsKey(name)))
        {
            errors.Forbidden(path, $"resource {what} cannot be removed");
        }
    }

    private static bool SameOthers(IReadOnlyDictionary<string, Quantity> now, IReadOnlyDictionary<string, Quantity> before) =>
        now.Keys.Union(before.Keys).Where(name => !Resizable.Contains(name))
            .All(name => now.TryGetValue(name, out var value) && before.TryGetValue(name, out var old) && value == old);
}
