using System.Text.Json.Nodes;
using Coxswain.Api.Core.V1;
using Coxswain.Api.Json;
using Coxswain.Api.Scalars;

namespace Coxswain.Api.Pods;

/// <summary>
/// The quality-of-service class of a pod: Guaranteed when every container has limits of CPU and memory and asks for
/// just those, BestEffort when none says anything, Burstable otherwise. What the pod states as a whole is looked at
/// instead of its containers. See
/// https://github.com/kubernetes/kubernetes/blob/master/pkg/apis/core/v1/helper/qos/qos.go.
/// </summary>
public static class PodQuality
{
    private static readonly string[] Counted = [ResourceName.Cpu, ResourceName.Memory];

    /// <summary>As for a typed spec, of a decoded document.</summary>
    public static string Of(JsonObject? spec) => Of(spec is null ? PodSpec.Empty : KubeJson.Deserialize<PodSpec>(spec));

    public static string Of(PodSpec spec)
    {
        IEnumerable<ResourceRequirements> stated = spec.Resources is { } ofPod
            && (ofPod.Requests.Count > 0 || ofPod.Limits.Count > 0)
            ? [ofPod]
            : spec.Containers.Concat(spec.InitContainers).Select(container => container.Resources);

        var requests = new Dictionary<string, Quantity>(StringComparer.Ordinal);
        var limits = new Dictionary<string, Quantity>(StringComparer.Ordinal);
        var allLimited = true;
        foreach (var resources in stated)
        {
            Add(requests, resources.Requests);
            allLimited &= Add(limits, resources.Limits) == Counted.Length;
        }

        if (requests.Count == 0 && limits.Count == 0)
        {
            return PodQOSClass.BestEffort;
        }

        return allLimited && requests.Count == limits.Count
            && requests.All(request => limits.TryGetValue(request.Key, out var limit) && limit == request.Value)
            ? PodQOSClass.Guaranteed : PodQOSClass.Burstable;
    }

    /// <summary>Adds what counts; says how many did. A zero says nothing.</summary>
    private static int Add(Dictionary<string, Quantity> total, IReadOnlyDictionary<string, Quantity> amounts)
    {
        var added = 0;
        foreach (var name in Counted)
        {
            if (amounts.TryGetValue(name, out var amount) && amount > default(Quantity))
            {
                total[name] = total.GetValueOrDefault(name) + amount;
                added++;
            }
        }

        return added;
    }
}
