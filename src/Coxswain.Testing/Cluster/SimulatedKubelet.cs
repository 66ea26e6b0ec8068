using Coxswain.Api.Core.V1;
using Coxswain.Api.Errors;
using Coxswain.Api.Meta.V1;
using Coxswain.Client;
using ConditionStatus = Coxswain.Api.Core.V1.ConditionStatus;

namespace Coxswain.Testing.Cluster;

/// <summary>Makes bound pods run and be ready, and lets deleted ones go; an image named <c>broken</c> never starts.</summary>
public static class SimulatedKubelet
{
    public static async Task RunAsync(IKubeClient client, CancellationToken cancellationToken)
    {
        var address = 0;
        try
        {
            // Pods come after it has started.
            var start = (await client.ListAsync<Pod>(null, ListQuery.All, cancellationToken)).Metadata.ResourceVersion;
            while (true)
            {
                await foreach (var change in client.WatchAsync<Pod>(null, new WatchQuery(start), cancellationToken))
                {
                    var pod = change.Object;
                    if (change.Type == WatchEventType.Deleted || pod.Spec.NodeName.Length == 0)
                    {
                        continue;
                    }

                    try
                    {
                        if (pod.Metadata is { DeletionTimestamp: not null, Finalizers.Count: > 0 } && pod.Status.Phase is (PodPhase.Running or PodPhase.Pending))
                        {
                            await client.UpdateStatusAsync(pod with { Status = pod.Status with { Phase = PodPhase.Failed } }, cancellationToken);
                        }
                        else if (pod.Metadata.DeletionTimestamp is not null)
                        {
                            await client.DeleteAsync<Pod>(pod.Metadata.Namespace, pod.Metadata.Name, DeleteOptions.Empty with { GracePeriodSeconds = 0 }, cancellationToken);
                        }
                        else if (pod.Status.Phase is PodPhase.Pending or "" && pod.Spec.Containers.All(container => container.Image != "broken"))
                        {
                            address++;
                            await client.UpdateStatusAsync(pod with { Status = Running(pod, $"10.244.{address / 250}.{(address % 250) + 1}") }, cancellationToken);
                        }
                    }
                    catch (KubeStatusException exception) when (exception.IsConflict || exception.IsNotFound)
                    {
                        // A later change of the pod is on its way.
                    }
                }
            }
        }
        catch (OperationCanceledException)
        {
        }
    }

    private static PodStatus Running(Pod pod, string address) => pod.Status with
    {
        Phase = PodPhase.Running,
        PodIP = address,
        Conditions =
        [
            .. pod.Status.Conditions.Where(condition => condition.Type != PodConditionType.Ready),
            new PodCondition { Type = PodConditionType.Ready, Status = ConditionStatus.True, LastTransitionTime = DateTimeOffset.UnixEpoch },
        ],
    };
}
