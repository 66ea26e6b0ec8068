using Coxswain.Api.Core.V1;
using Coxswain.Api.Pods;

namespace Coxswain.Controllers.Autoscaling;

/// <summary>
/// How many replicas bring the usage to its target (https://kubernetes.io/docs/tasks/run-application/horizontal-pod-autoscale/#algorithm-details).
/// Pods that are not measured or not ready count against the direction in which it would go. Pure.
/// </summary>
internal sealed class ReplicaCalculator
{
    /// <summary>So long after its start a pod's CPU counts only once it is ready: starting takes more than running.</summary>
    private static readonly TimeSpan CpuInitialization = TimeSpan.FromMinutes(5);

    /// <summary>A pod that was unready only so long after its start has never been ready.</summary>
    private static readonly TimeSpan InitialReadiness = TimeSpan.FromSeconds(30);

    private readonly string _resource;
    private readonly string _container;
    private readonly Dictionary<string, long> _usage = new(StringComparer.Ordinal);
    private readonly Dictionary<string, long> _requests = new(StringComparer.Ordinal);
    private readonly List<string> _unready = [];
    private readonly List<string> _missing = [];
    private int _ready;

    /// <param name="container">Of the pods only this container; empty for the pods as a whole.</param>
    /// <param name="usages">By pod.</param>
    public ReplicaCalculator(
        IReadOnlyList<Pod> pods, string resource, string container, IReadOnlyDictionary<string, PodUsage> usages, DateTimeOffset now)
    {
        (_resource, _container) = (resource, container);
        foreach (var pod in pods)
        {
            Sort(pod, usages.GetValueOrDefault(pod.Metadata.Name), now);
        }
    }

    /// <param name="targetPercent">Of what the pods request.</param>
    /// <exception cref="InvalidOperationException">Nothing is known that could be compared.</exception>
    public ReplicaProposal ForUtilization(int current, int targetPercent, Tolerance tolerance)
    {
        if (_requests.FirstOrDefault(request => request.Value == 0).Key is { } without)
        {
            throw new InvalidOperationException($"failed to get {_resource} utilization: missing request for {_resource} in container {_container} of Pod {without}".Replace(" in container  of", " of", StringComparison.Ordinal));
        }

        double Ratio(IReadOnlyDictionary<string, long> usage)
        {
            var requested = usage.Keys.Sum(name => _requests[name]);
            return requested == 0 ? 0 : 100.0 * usage.Values.Sum() / requested / targetPercent;
        }

        // A pod that says nothing is taken to use all it asked for, or more where that is the target.
        var replicas = Propose(current, tolerance, Ratio, name => _requests[name] * Math.Max(100, targetPercent) / 100);
        return new ReplicaProposal(replicas, (int)Math.Floor(Ratio(_usage) * targetPercent), Average());
    }

    /// <param name="targetMilli">For each pod.</param>
    /// <exception cref="InvalidOperationException">Nothing is known that could be compared.</exception>
    public ReplicaProposal ForAverage(int current, long targetMilli, Tolerance tolerance)
    {
        double Ratio(IReadOnlyDictionary<string, long> usage) => usage.Count == 0 ? 0 : (double)usage.Values.Sum() / usage.Count / targetMilli;
        return new ReplicaProposal(Propose(current, tolerance, Ratio, _ => targetMilli), null, Average());
    }

    private long Average() => _usage.Count == 0 ? 0 : _usage.Values.Sum() / _usage.Count;

    private int Propose(int current, Tolerance tolerance, Func<IReadOnlyDictionary<string, long>, double> ratioOf, Func<string, long> whenMissing)
    {
        if (_usage.Count == 0)
        {
            throw new InvalidOperationException("did not receive metrics for targeted pods (pods might be unready)");
        }

        var ratio = ratioOf(_usage);
        var growsWithUnready = _unready.Count > 0 && ratio > 1;
        if (!growsWithUnready && _missing.Count == 0)
        {
            return tolerance.Covers(ratio) ? current : Ceiling(ratio * _ready);
        }

        var all = new Dictionary<string, long>(_usage, StringComparer.Ordinal);
        foreach (var name in ratio == 1 ? [] : _missing)
        {
            all[name] = ratio < 1 ? whenMissing(name) : 0;
        }

        foreach (var name in growsWithUnready ? _unready : [])
        {
            all[name] = 0;
        }

        var careful = ratioOf(all);
        if (tolerance.Covers(careful) || (ratio < 1 && careful > 1) || (ratio > 1 && careful < 1))
        {
            return current;
        }

        var replicas = Ceiling(careful * all.Count);
        return (careful < 1 && replicas > current) || (careful > 1 && replicas < current) ? current : replicas;
    }

    private void Sort(Pod pod, PodUsage? usage, DateTimeOffset now)
    {
        if (pod.Metadata.DeletionTimestamp is not null || pod.Status.Phase == PodPhase.Failed)
        {
            return;
        }

        var name = pod.Metadata.Name;
        _requests[name] = RequestOf(pod);
        if (pod.Status.Phase == PodPhase.Pending)
        {
            _unready.Add(name);
        }
        else if (usage is null)
        {
            _missing.Add(name);
        }
        else if (_resource == ResourceName.Cpu && !IsSettled(pod, usage, now))
        {
            _unready.Add(name);
        }
        else
        {
            _ready++;
            _usage[name] = usage.Milli;
        }
    }

    private static bool IsSettled(Pod pod, PodUsage usage, DateTimeOffset now)
    {
        if (pod.Find(PodConditionType.Ready) is not { } ready || pod.Status.StartTime is not { } start)
        {
            return false;
        }

        return start + CpuInitialization > now
            ? ready.Status != ConditionStatus.False && usage.At >= ready.LastTransitionTime + usage.Window
            : !(ready.Status == ConditionStatus.False && start + InitialReadiness > ready.LastTransitionTime);
    }

    private long RequestOf(Pod pod)
    {
        var amount = _container.Length == 0
            ? PodRequests.Of(pod.Spec, _resource)
            : pod.Spec.Containers.FirstOrDefault(container => container.Name == _container)?.Resources.Requests.GetValueOrDefault(_resource) ?? default;
        return (long)Math.Ceiling(amount.Value * 1000);
    }

    private static int Ceiling(double value) => value >= int.MaxValue ? int.MaxValue : (int)Math.Ceiling(value);
}
