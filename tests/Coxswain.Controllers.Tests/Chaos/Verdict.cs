using Coxswain.Api;
using Coxswain.Api.Apps.V1;
using Coxswain.Api.Batch.V1;
using Coxswain.Api.Core.V1;
using Coxswain.Api.Discovery.V1;
using Coxswain.Client;
using Coxswain.Controllers.Tests.Batch;

namespace Coxswain.Controllers.Tests.Chaos;

/// <summary>What is not as the workloads ask: nothing missing, nothing left over, nothing twice.</summary>
internal static class Verdict
{
    private const string Namespace = ChaosWorkloads.Namespace;

    /// <returns>Empty when the cluster has converged.</returns>
    public static async Task<IReadOnlyList<string>> FaultsAsync(ChaosCluster chaos)
    {
        var client = chaos.Cluster.Client;
        var faults = new List<string>();
        var pods = (await client.ListAsync<Pod>(Namespace, ListQuery.All, default)).Items;
        var sets = (await client.ListAsync<ReplicaSet>(Namespace, ListQuery.All, default)).Items;
        var owners = new Dictionary<string, string>(StringComparer.Ordinal);
        async Task AddOwnersAsync<T>()
            where T : class, IKubeObject<T>
        {
            foreach (var owner in (await client.ListAsync<T>(Namespace, ListQuery.All, default)).Items)
            {
                owners[owner.Metadata.Uid] = $"{owner.Kind.Kind} {owner.Metadata.Name}";
            }
        }

        await AddOwnersAsync<Deployment>();
        await AddOwnersAsync<ReplicaSet>();
        await AddOwnersAsync<StatefulSet>();
        await AddOwnersAsync<DaemonSet>();
        await AddOwnersAsync<Job>();
        await AddOwnersAsync<CronJob>();
        faults.AddRange(pods.Cast<IKubeObject>().Concat(sets)
            .Where(obj => OwnerReferences.ControllerOf(obj) is not { } owner || !owners.ContainsKey(owner.Uid))
            .Select(obj => $"{obj.Kind.Kind} {obj.Metadata.Name} belongs to nobody"));
        faults.AddRange(pods.Where(pod => pod.Metadata.DeletionTimestamp is not null).Select(pod => $"{pod.Metadata.Name} does not go"));

        foreach (var deployment in (await client.ListAsync<Deployment>(Namespace, ListQuery.All, default)).Items)
        {
            var own = sets.Where(set => OwnerReferences.IsControlledBy(set, deployment.Metadata.Uid)).Select(set => set.Metadata.Uid).ToHashSet();
            var image = deployment.Spec.Template.Spec.Containers[0].Image;
            Count(faults, $"Deployment {deployment.Metadata.Name}", deployment.Spec.Replicas ?? 1, pods.Where(pod => own.Contains(OwnerReferences.ControllerOf(pod)?.Uid ?? "")), image);
            if (!Apps.Deployments.IsDone(deployment))
            {
                faults.Add($"Deployment {deployment.Metadata.Name} is not done");
            }
        }

        var stateful = await client.GetAsync<StatefulSet>(Namespace, "db", default);
        var members = pods.Where(pod => OwnerReferences.IsControlledBy(pod, stateful.Metadata.Uid)).ToList();
        Count(faults, "StatefulSet db", stateful.Spec.Replicas ?? 1, members, "good:9");
        if (!members.Select(pod => pod.Metadata.Name).Order().SequenceEqual(Enumerable.Range(0, stateful.Spec.Replicas ?? 1).Select(i => $"db-{i}")))
        {
            faults.Add($"StatefulSet db has {string.Join(", ", members.Select(pod => pod.Metadata.Name))}");
        }

        var daemon = await client.GetAsync<DaemonSet>(Namespace, "agent", default);
        var daemons = pods.Where(pod => OwnerReferences.IsControlledBy(pod, daemon.Metadata.Uid)).ToList();
        Count(faults, "DaemonSet agent", chaos.Nodes.Count, daemons, "good:9");
        if (daemons.Select(pod => pod.Spec.NodeName).Distinct().Count() != daemons.Count)
        {
            faults.Add("DaemonSet agent is on a node twice");
        }

        faults.AddRange((await client.ListAsync<Job>(Namespace, ListQuery.All, default)).Items
            .Where(job => !Jobs.Is(job, "Complete") || job.Status.Succeeded != job.Spec.Completions)
            .Select(job => $"Job {job.Metadata.Name} has succeeded {job.Status.Succeeded} times of {job.Spec.Completions}"));
        await AddEndpointFaultsAsync(client, pods, faults);
        await AddVolumeFaultsAsync(chaos, faults);
        return faults;
    }

    /// <summary>What must hold even while harm is done.</summary>
    public static async Task<IReadOnlyList<string>> DoubledAsync(ChaosCluster chaos)
    {
        var client = chaos.Cluster.Client;
        var daemon = await client.GetAsync<DaemonSet>(Namespace, "agent", default);
        var pods = (await client.ListAsync<Pod>(Namespace, ListQuery.All, default)).Items;
        var faults = pods.Where(pod => OwnerReferences.IsControlledBy(pod, daemon.Metadata.Uid) && pod.IsActive() && pod.Spec.NodeName.Length > 0)
            .GroupBy(pod => pod.Spec.NodeName).Where(node => node.Count() > 1)
            .Select(node => $"DaemonSet agent is on {node.Key} {node.Count()} times").ToList();
        faults.AddRange((await client.ListAsync<Job>(Namespace, ListQuery.All, default)).Items
            .Where(job => job.Status.Succeeded > job.Spec.Completions).Select(job => $"Job {job.Metadata.Name} has succeeded too often"));
        faults.AddRange(chaos.Status.Where(part => part.Failures > 3).Select(part => $"{part.Name} failed {part.Failures} times, last by {part.LastFailure}"));
        return faults;
    }

    private static void Count(List<string> faults, string what, int wanted, IEnumerable<Pod> pods, string image)
    {
        var well = pods.Where(pod => pod.IsActive() && pod.IsReady() && pod.Spec.Containers[0].Image == image).ToList();
        var all = pods.Where(PodConditions.IsActive).ToList();
        if (well.Count != wanted || all.Count != wanted)
        {
            faults.Add($"{what} wants {wanted} of {image} and has {string.Join(", ", all.Select(pod => $"{pod.Metadata.Name} ({pod.Spec.Containers[0].Image}, {pod.Status.Phase} on {pod.Spec.NodeName})"))}");
        }
    }

    private static async Task AddEndpointFaultsAsync(IKubeClient client, IReadOnlyList<Pod> pods, List<string> faults)
    {
        var slices = (await client.ListAsync<EndpointSlice>(Namespace, new ListQuery("kubernetes.io/service-name=web"), default)).Items;
        var listed = slices.SelectMany(slice => slice.Endpoints).Where(endpoint => endpoint.Conditions.Ready == true).Select(endpoint => endpoint.TargetRef?.Name).Order().ToList();
        var ready = pods.Where(pod => pod.Metadata.Labels.GetValueOrDefault(ChaosWorkloads.AppLabel) == "web" && pod.IsActive() && pod.IsReady()).Select(pod => pod.Metadata.Name).Order().ToList();
        if (!listed.SequenceEqual(ready))
        {
            faults.Add($"endpoints {string.Join(", ", listed)} are not the ready pods {string.Join(", ", ready)}");
        }
    }

    private static async Task AddVolumeFaultsAsync(ChaosCluster chaos, List<string> faults)
    {
        var claims = (await chaos.Cluster.Client.ListAsync<PersistentVolumeClaim>(Namespace, ListQuery.All, default)).Items;
        var volumes = (await chaos.Cluster.Client.ListAsync<PersistentVolume>(null, ListQuery.All, default)).Items;
        faults.AddRange(claims.Where(claim => claim.Status.Phase != "Bound").Select(claim => $"claim {claim.Metadata.Name} is {claim.Status.Phase}"));
        if (!claims.Select(claim => claim.Spec.VolumeName).Order().SequenceEqual(volumes.Select(volume => volume.Metadata.Name).Order()))
        {
            faults.Add("claims and volumes are not one to one");
        }

        if (chaos.Folders.Names.Count() != volumes.Count)
        {
            faults.Add($"{chaos.Folders.Names.Count()} folders for {volumes.Count} volumes");
        }
    }
}
