using Coxswain.Api.Coordination.V1;
using Coxswain.Api.Core.V1;
using Coxswain.Api.Errors;
using Coxswain.Api.Meta.V1;
using Coxswain.Api.Scalars;
using Coxswain.Client;
using ConditionStatus = Coxswain.Api.Core.V1.ConditionStatus;
using Preconditions = Coxswain.Api.Meta.V1.Preconditions;
using V1Node = Coxswain.Api.Core.V1.Node;

namespace Coxswain.Testing.Cluster;

/// <summary>
/// A node that registers itself, renews its Lease, and takes its time over its pods: they start, become ready, finish if they are meant
/// to and go, each after a while. It may fall silent, and goes on where it was when it speaks again.
/// </summary>
/// <param name="subnet">The third number of its pods' addresses.</param>
public sealed class SimulatedNode(IKubeClient client, TimeProvider time, Random random, string name, int subnet)
{
    private static readonly TimeSpan RenewPeriod = TimeSpan.FromSeconds(10);

    private readonly Dictionary<string, Pod> _pods = new(StringComparer.Ordinal);
    private readonly HashSet<string> _busy = new(StringComparer.Ordinal);
    private readonly List<Task> _work = [];
    private TaskCompletionSource _speaks = Spoken();
    private int _addresses;

    public string Name => name;

    public bool IsSilent => !_speaks.Task.IsCompleted;

    /// <summary>Cut off: it says nothing, and whatever it is asked to do waits.</summary>
    public void Silence()
    {
        if (!IsSilent)
        {
            // Completed within the simulation, which must not go on elsewhere.
            _speaks = new TaskCompletionSource();
        }
    }

    public void Speak() => _speaks.TrySetResult();

    /// <summary>Runs until cancelled.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        try
        {
            await Task.WhenAll(ReportAsync(cancellationToken), FollowPodsAsync(cancellationToken));
        }
        catch (OperationCanceledException)
        {
            await Task.WhenAll(_work).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
        }
    }

    private async Task ReportAsync(CancellationToken cancellationToken)
    {
        var lease = new Lease
        {
            Metadata = ObjectMeta.Empty with { Name = name, Namespace = "kube-node-lease" },
            Spec = LeaseSpec.Empty with { HolderIdentity = name, LeaseDurationSeconds = 40, RenewTime = time.GetUtcNow() },
        };
        lease = await client.CreateAsync(lease, cancellationToken);
        var labels = new Dictionary<string, string> { ["kubernetes.io/hostname"] = name };
        await client.CreateAsync(new V1Node { Metadata = ObjectMeta.Empty with { Name = name, Labels = labels } }, cancellationToken);
        while (true)
        {
            await _speaks.Task.WaitAsync(cancellationToken);
            lease = await client.UpdateAsync(lease with { Spec = lease.Spec with { RenewTime = time.GetUtcNow() } }, cancellationToken);
            var node = await client.GetAsync<V1Node>(null, name, cancellationToken);
            if (node.Status.Conditions.FirstOrDefault(condition => condition.Type == "Ready")?.Status != ConditionStatus.True)
            {
                await TryAsync(() => client.UpdateStatusAsync(node with { Status = ReadyStatus() }, cancellationToken));
            }

            await Task.Delay(RenewPeriod, time, cancellationToken);
        }
    }

    private NodeStatus ReadyStatus() => NodeStatus.Empty with
    {
        Allocatable = new Dictionary<string, Quantity>
        {
            ["cpu"] = Quantity.Parse("8"), ["memory"] = Quantity.Parse("16Gi"), ["pods"] = Quantity.Parse("110"),
        },
        Conditions =
        [
            .. new[] { "MemoryPressure", "DiskPressure", "PIDPressure" }.Select(type => Condition(type, ConditionStatus.False)),
            Condition("Ready", ConditionStatus.True),
        ],
    };

    private NodeCondition Condition(string type, string status) =>
        new() { Type = type, Status = status, LastHeartbeatTime = time.GetUtcNow(), LastTransitionTime = time.GetUtcNow() };

    private async Task FollowPodsAsync(CancellationToken cancellationToken)
    {
        var query = new ListQuery(FieldSelector: $"spec.nodeName={name}");
        var version = (await client.ListAsync<Pod>(null, query, cancellationToken)).Metadata.ResourceVersion;
        while (true)
        {
            await foreach (var change in client.WatchAsync<Pod>(null, new WatchQuery(version, FieldSelector: query.FieldSelector), cancellationToken))
            {
                version = change.Object.Metadata.ResourceVersion;
                var uid = change.Object.Metadata.Uid;
                if (change.Type == WatchEventType.Deleted)
                {
                    _pods.Remove(uid);
                    continue;
                }

                _pods[uid] = change.Object;
                if (_busy.Add(uid))
                {
                    _work.RemoveAll(task => task.IsCompleted);
                    _work.Add(LookAfterAsync(uid, cancellationToken));
                }
            }
        }
    }

    /// <summary>Takes the pod from step to step until it has come to rest, one at a time.</summary>
    private async Task LookAfterAsync(string uid, CancellationToken cancellationToken)
    {
        try
        {
            while (true)
            {
                await _speaks.Task.WaitAsync(cancellationToken);
                if (!_pods.TryGetValue(uid, out var pod) || NextStep(pod) is not { } step)
                {
                    return;
                }

                await Task.Delay(TimeSpan.FromMilliseconds(random.Next(50, 3000)), time, cancellationToken);
                await _speaks.Task.WaitAsync(cancellationToken);
                if (_pods.TryGetValue(uid, out var current) && ReferenceEquals(current, pod))
                {
                    await TryAsync(() => step(pod, cancellationToken));
                    // What it wrote comes back by the watch, if nothing else has changed it.
                    if (_pods.TryGetValue(uid, out current) && ReferenceEquals(current, pod))
                    {
                        await Task.Delay(TimeSpan.FromMilliseconds(200), time, cancellationToken);
                    }
                }
            }
        }
        finally
        {
            _busy.Remove(uid);
        }
    }

    private Func<Pod, CancellationToken, Task>? NextStep(Pod pod)
    {
        var isFinished = pod.Status.Phase is PodPhase.Succeeded or PodPhase.Failed;
        if (pod.Metadata.DeletionTimestamp is not null)
        {
            return isFinished || pod.Metadata.Finalizers.Count == 0 ? EndAsync : FailAsync;
        }

        if (isFinished || pod.Spec.Containers.Any(container => container.Image == "broken"))
        {
            return null;
        }

        return !IsReady(pod) ? StartAsync : pod.Spec.RestartPolicy == "Always" ? null : FinishAsync;
    }

    private Task StartAsync(Pod pod, CancellationToken cancellationToken)
    {
        var address = pod.Status.PodIP.Length > 0 ? pod.Status.PodIP : $"10.244.{subnet}.{1 + (_addresses++ % 250)}";
        return client.UpdateStatusAsync(
            pod with
            {
                Status = pod.Status with
                {
                    Phase = PodPhase.Running,
                    PodIP = address,
                    PodIPs = [new PodIP { Ip = address }],
                    StartTime = pod.Status.StartTime ?? time.GetUtcNow(),
                    Conditions = [.. OtherThanReady(pod), new PodCondition { Type = PodConditionType.Ready, Status = ConditionStatus.True, LastTransitionTime = time.GetUtcNow() }],
                },
            },
            cancellationToken);
    }

    /// <summary>One in five fails.</summary>
    private Task FinishAsync(Pod pod, CancellationToken cancellationToken) =>
        WritePhaseAsync(pod, random.Next(5) == 0 ? PodPhase.Failed : PodPhase.Succeeded, cancellationToken);

    private Task FailAsync(Pod pod, CancellationToken cancellationToken) => WritePhaseAsync(pod, PodPhase.Failed, cancellationToken);

    private Task WritePhaseAsync(Pod pod, string phase, CancellationToken cancellationToken) => client.UpdateStatusAsync(
        pod with { Status = pod.Status with { Phase = phase, Conditions = [.. OtherThanReady(pod)] } }, cancellationToken);

    private Task EndAsync(Pod pod, CancellationToken cancellationToken) => client.DeleteAsync<Pod>(
        pod.Metadata.Namespace, pod.Metadata.Name,
        DeleteOptions.Empty with { GracePeriodSeconds = 0, Preconditions = new Preconditions { Uid = pod.Metadata.Uid } }, cancellationToken);

    private static IEnumerable<PodCondition> OtherThanReady(Pod pod) => pod.Status.Conditions.Where(condition => condition.Type != PodConditionType.Ready);

    private static bool IsReady(Pod pod) =>
        pod.Status.Conditions.Any(condition => condition.Type == PodConditionType.Ready && condition.Status == ConditionStatus.True);

    private static async Task TryAsync(Func<Task> call)
    {
        try
        {
            await call();
        }
        catch (KubeStatusException exception) when (exception.IsConflict || exception.IsNotFound)
        {
            // Somebody changed it meanwhile, which is on its way here.
        }
    }

    private static TaskCompletionSource Spoken()
    {
        var spoken = new TaskCompletionSource();
        spoken.SetResult();
        return spoken;
    }
}
