using Coxswain.Api;
using Coxswain.Api.Apps.V1;
using Coxswain.Api.Batch.V1;
using Coxswain.Api.Core.V1;
using Coxswain.Api.Errors;
using Coxswain.Api.Meta.V1;
using Coxswain.Client;
using V1Node = Coxswain.Api.Core.V1.Node;

namespace Coxswain.Controllers.Tests.Chaos;

/// <summary>Does one thing after another to a cluster that a user, a machine or bad luck might do, until it is told to stop; then mends it all.</summary>
internal sealed class Harm(ChaosCluster chaos, int seed)
{
    private const string Namespace = ChaosWorkloads.Namespace;
    private const string Lost = "lost";
    private const string OnceLost = "once-lost";

    private readonly Random _random = new(seed * 31);
    private readonly IKubeClient _client = chaos.Cluster.Server.Admin;
    private int _jobs;

    /// <summary>What was done so far.</summary>
    public int Count { get; private set; }

    /// <summary>Set to have it mend everything and end.</summary>
    public bool IsEnough { get; set; }

    /// <summary>Everything is as it should be again, but for what the controllers have still to do.</summary>
    public bool IsOver { get; private set; }

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        try
        {
            chaos.RefusesSome = true;
            while (!IsEnough)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(_random.Next(500, 20_000)), chaos.Cluster.Time, cancellationToken);
                await TryAsync(() => DoAsync(cancellationToken));
                Count++;
            }

            await MendAsync(cancellationToken);
            IsOver = true;
        }
        catch (OperationCanceledException)
        {
        }
    }

    private Task DoAsync(CancellationToken cancellationToken) => _random.Next(24) switch
    {
        < 4 => OnPodAsync(pod => _client.DeleteAsync<Pod>(Namespace, pod.Metadata.Name, DeleteOptions.Empty, cancellationToken), cancellationToken),
        4 => OnPodAsync(pod => _client.DeleteAsync<Pod>(Namespace, pod.Metadata.Name, DeleteOptions.Empty with { GracePeriodSeconds = 0 }, cancellationToken), cancellationToken),
        < 7 => OnPodAsync(pod => _client.UpdateStatusAsync(pod with { Status = pod.Status with { Phase = PodPhase.Failed, Reason = "Evicted" } }, cancellationToken), cancellationToken),
        < 10 => ScaleAsync(cancellationToken),
        < 13 => ChangeImageAsync(cancellationToken),
        < 15 => RelabelAsync(cancellationToken),
        < 17 => SwitchNodeAsync(),
        17 => CordonAsync(cancellationToken),
        < 20 => KillControllersAsync(),
        20 => StartJobAsync(cancellationToken),
        21 => DeleteReplicaSetAsync(cancellationToken),
        22 => PauseAsync(cancellationToken),
        _ => ReplaceDeploymentAsync(cancellationToken),
    };

    private async Task MendAsync(CancellationToken cancellationToken)
    {
        chaos.RefusesSome = false;
        foreach (var node in chaos.Nodes)
        {
            node.Speak();
            await UpdateAsync<V1Node>("", node.Name, found => found with { Spec = found.Spec with { Unschedulable = false } }, cancellationToken);
        }

        foreach (var name in ChaosWorkloads.Deployments)
        {
            await UpdateAsync<Deployment>(Namespace, name, found => found with { Spec = found.Spec with { Paused = false, Template = WithImage(found.Spec.Template, "good:9") } }, cancellationToken);
        }

        await UpdateAsync<StatefulSet>(Namespace, "db", found => found with { Spec = found.Spec with { Template = WithImage(found.Spec.Template, "good:9") } }, cancellationToken);
        await UpdateAsync<DaemonSet>(Namespace, "agent", found => found with { Spec = found.Spec with { Template = WithImage(found.Spec.Template, "good:9") } }, cancellationToken);
        await UpdateAsync<CronJob>(Namespace, "tick", found => found with { Spec = found.Spec with { Suspend = true } }, cancellationToken);

        // A pod that was taken away comes back only to a ReplicaSet of its template, which may be gone by now.
        foreach (var pod in (await _client.ListAsync<Pod>(Namespace, new ListQuery(OnceLost), cancellationToken)).Items)
        {
            await TryAsync(() => _client.DeleteAsync<Pod>(Namespace, pod.Metadata.Name, DeleteOptions.Empty, cancellationToken));
        }
    }

    private async Task OnPodAsync(Func<Pod, Task> action, CancellationToken cancellationToken)
    {
        var pods = (await _client.ListAsync<Pod>(Namespace, ListQuery.All, cancellationToken)).Items;
        if (pods.Count > 0)
        {
            await action(pods[_random.Next(pods.Count)]);
        }
    }

    private Task ScaleAsync(CancellationToken cancellationToken)
    {
        var replicas = _random.Next(6);
        return _random.Next(3) switch
        {
            0 => UpdateAsync<StatefulSet>(Namespace, "db", found => found with { Spec = found.Spec with { Replicas = replicas } }, cancellationToken),
            _ => UpdateAsync<Deployment>(Namespace, AnyDeployment(), found => found with { Spec = found.Spec with { Replicas = replicas } }, cancellationToken),
        };
    }

    private Task ChangeImageAsync(CancellationToken cancellationToken)
    {
        var image = _random.Next(4) == 0 ? "broken" : $"good:{_random.Next(1, 5)}";
        return _random.Next(4) switch
        {
            0 => UpdateAsync<StatefulSet>(Namespace, "db", found => found with { Spec = found.Spec with { Template = WithImage(found.Spec.Template, image) } }, cancellationToken),
            1 => UpdateAsync<DaemonSet>(Namespace, "agent", found => found with { Spec = found.Spec with { Template = WithImage(found.Spec.Template, image) } }, cancellationToken),
            _ => UpdateAsync<Deployment>(Namespace, AnyDeployment(), found => found with { Spec = found.Spec with { Template = WithImage(found.Spec.Template, image) } }, cancellationToken),
        };
    }

    /// <summary>Takes a Deployment's pod away from it, or gives back one that was taken.</summary>
    private Task RelabelAsync(CancellationToken cancellationToken) => OnPodAsync(
        pod => pod.Metadata.Labels.ContainsKey(Lost)
            ? _client.UpdateAsync(Found(pod), cancellationToken)
            : pod.Metadata.Labels.TryGetValue(ChaosWorkloads.AppLabel, out var app) && ChaosWorkloads.Deployments.Contains(app)
                ? _client.UpdateAsync(pod with { Metadata = pod.Metadata with { Labels = Renamed(pod.Metadata.Labels, ChaosWorkloads.AppLabel, Lost) } }, cancellationToken)
                : Task.CompletedTask,
        cancellationToken);

    private Task SwitchNodeAsync()
    {
        var node = chaos.Nodes[_random.Next(chaos.Nodes.Count)];
        if (node.IsSilent)
        {
            node.Speak();
        }
        else if (chaos.Nodes.Count(other => other.IsSilent) < chaos.Nodes.Count - 1)
        {
            node.Silence();
        }

        return Task.CompletedTask;
    }

    private Task CordonAsync(CancellationToken cancellationToken) => UpdateAsync<V1Node>(
        "", chaos.Nodes[_random.Next(chaos.Nodes.Count)].Name, found => found with { Spec = found.Spec with { Unschedulable = !found.Spec.Unschedulable } }, cancellationToken);

    private Task KillControllersAsync()
    {
        chaos.KillControllers();
        return Task.CompletedTask;
    }

    private Task StartJobAsync(CancellationToken cancellationToken) =>
        _client.CreateAsync(ChaosWorkloads.Job($"work-{_jobs++}", _random.Next(1, 6)), cancellationToken);

    private async Task DeleteReplicaSetAsync(CancellationToken cancellationToken)
    {
        var sets = (await _client.ListAsync<ReplicaSet>(Namespace, ListQuery.All, cancellationToken)).Items;
        if (sets.Count > 0)
        {
            await _client.DeleteAsync<ReplicaSet>(Namespace, sets[_random.Next(sets.Count)].Metadata.Name, DeleteOptions.Empty, cancellationToken);
        }
    }

    private Task PauseAsync(CancellationToken cancellationToken) =>
        UpdateAsync<Deployment>(Namespace, AnyDeployment(), found => found with { Spec = found.Spec with { Paused = !found.Spec.Paused } }, cancellationToken);

    /// <summary>Deletes a Deployment but not what it has made, and makes another of the same name.</summary>
    private async Task ReplaceDeploymentAsync(CancellationToken cancellationToken)
    {
        var name = AnyDeployment();
        await _client.DeleteAsync<Deployment>(Namespace, name, DeleteOptions.Empty with { PropagationPolicy = "Orphan" }, cancellationToken);
        while (await _client.FindAsync<Deployment>(Namespace, name, cancellationToken) is not null)
        {
            await Task.Delay(TimeSpan.FromSeconds(1), chaos.Cluster.Time, cancellationToken);
        }

        await _client.CreateAsync(ChaosWorkloads.Deployment(name, _random.Next(1, 5), $"good:{_random.Next(1, 5)}"), cancellationToken);
    }

    private string AnyDeployment() => ChaosWorkloads.Deployments[_random.Next(ChaosWorkloads.Deployments.Count)];

    private async Task UpdateAsync<T>(string @namespace, string name, Func<T, T> change, CancellationToken cancellationToken)
        where T : class, IKubeObject<T>
    {
        while (await _client.FindAsync<T>(@namespace.Length == 0 ? null : @namespace, name, cancellationToken) is { } found)
        {
            try
            {
                await _client.UpdateAsync(change(found), cancellationToken);
                return;
            }
            catch (KubeStatusException exception) when (exception.IsConflict)
            {
                // Read it again.
            }
        }
    }

    private static Pod Found(Pod pod) => pod with { Metadata = pod.Metadata with { Labels = Renamed(pod.Metadata.Labels, Lost, ChaosWorkloads.AppLabel) } };

    private static Dictionary<string, string> Renamed(IReadOnlyDictionary<string, string> labels, string from, string to) => new(
        labels.Select(label => label.Key == from ? new(to, label.Value) : label), StringComparer.Ordinal) { [OnceLost] = "true" };

    private static PodTemplateSpec WithImage(PodTemplateSpec template, string image) =>
        template with { Spec = template.Spec with { Containers = [template.Spec.Containers[0] with { Image = image }] } };

    private static async Task TryAsync(Func<Task> action)
    {
        try
        {
            await action();
        }
        catch (KubeStatusException exception) when (exception.IsConflict || exception.IsNotFound || exception.Status.Code == 422)
        {
            // What it was meant for has changed meanwhile.
        }
    }
}
