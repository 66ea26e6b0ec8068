using Coxswain.Api.Core.V1;
using Coxswain.Api.Pods;
using Coxswain.Api.Resources;
using Coxswain.Api.Scalars;

namespace Coxswain.Api.Quota;

/// <summary>
/// What one object counts for in ResourceQuotas: the one computation that admission and the controller share. See
/// https://kubernetes.io/docs/concepts/policy/resource-quotas/.
/// </summary>
public static class ObjectUsage
{
    private const string StorageClassSuffix = ".storageclass.storage.k8s.io/";

    private static readonly string[] Plain =
        ["pods", "services", "secrets", "configmaps", "replicationcontrollers", "resourcequotas", "persistentvolumeclaims"];

    private static readonly string[] Computed = [ResourceName.Cpu, ResourceName.Memory, ResourceName.EphemeralStorage];

    /// <summary>By the names quotas have for it. Of a Pod that has ended no more than that it is there.</summary>
    public static IReadOnlyDictionary<string, Quantity> Of(ApiResource resource, IKubeObject value)
    {
        var one = Quantity.Parse("1");
        var usage = new Dictionary<string, Quantity>(StringComparer.Ordinal) { [$"count/{resource.QualifiedName}"] = one };
        if (resource.Group.Length == 0 && Plain.Contains(resource.Plural) && !(value is Pod ended && HasEnded(ended)))
        {
            usage[resource.Plural] = one;
        }

        switch (value)
        {
            case Pod pod when !HasEnded(pod):
                AddPod(usage, pod);
                break;
            case Service service:
                AddService(usage, service);
                break;
            case PersistentVolumeClaim claim:
                AddClaim(usage, claim);
                break;
        }

        return usage;
    }

    /// <summary>The compute resources of a quota that a Pod does not state for each of its containers, and must.</summary>
    public static IReadOnlyList<string> Unstated(Pod pod, IEnumerable<string> constrained)
    {
        var missing = new SortedSet<string>(StringComparer.Ordinal);
        foreach (var name in constrained)
        {
            var isLimit = name.StartsWith("limits.", StringComparison.Ordinal);
            var resource = isLimit ? name["limits.".Length..] : name.StartsWith("requests.", StringComparison.Ordinal) ? name["requests.".Length..] : name;
            if (resource is not (ResourceName.Cpu or ResourceName.Memory))
            {
                continue;
            }

            var ofPod = isLimit ? pod.Spec.Resources?.Limits : pod.Spec.Resources?.Requests;
            if (ofPod?.ContainsKey(resource) != true && pod.Spec.Containers.Concat(pod.Spec.InitContainers).Any(container =>
                !(isLimit ? container.Resources.Limits : container.Resources.Requests).ContainsKey(resource)))
            {
                missing.Add(name);
            }
        }

        return [.. missing];
    }

    private static bool HasEnded(Pod pod) => pod.Status.Phase is "Succeeded" or "Failed";

    private static void AddPod(Dictionary<string, Quantity> usage, Pod pod)
    {
        foreach (var (name, amount) in PodRequests.Of(pod.Spec))
        {
            usage["requests." + name] = amount;
            if (Computed.Contains(name) || name.StartsWith("hugepages-", StringComparison.Ordinal))
            {
                usage[name] = amount;
            }
        }

        foreach (var (name, amount) in PodRequests.LimitsOf(pod.Spec))
        {
            usage["limits." + name] = amount;
        }
    }

    private static void AddService(Dictionary<string, Quantity> usage, Service service)
    {
        var ports = Quantity.Parse(service.Spec.Ports.Count.ToString(System.Globalization.CultureInfo.InvariantCulture));
        switch (service.Spec.Type)
        {
            case "NodePort":
                usage["services.nodeports"] = ports;
                break;
            case "LoadBalancer":
                usage["services.loadbalancers"] = Quantity.Parse("1");
                usage["services.nodeports"] = service.Spec.AllocateLoadBalancerNodePorts == false ? default : ports;
                break;
        }
    }

    private static void AddClaim(Dictionary<string, Quantity> usage, PersistentVolumeClaim claim)
    {
        var asked = claim.Spec.Resources.Requests.TryGetValue("storage", out var amount);
        if (asked)
        {
            usage["requests.storage"] = amount;
        }

        if (claim.Spec.StorageClassName is { Length: > 0 } name)
        {
            usage[$"{name}{StorageClassSuffix}persistentvolumeclaims"] = Quantity.Parse("1");
            if (asked)
            {
                usage[$"{name}{StorageClassSuffix}requests.storage"] = amount;
            }
        }
    }
}
