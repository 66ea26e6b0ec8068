using Coxswain.Api.Autoscaling.V2;
using Coxswain.Api.Core.V1;
using Coxswain.Api.Errors;
using Coxswain.Api.Scalars;
using Coxswain.Client.Events;

namespace Coxswain.Controllers.Autoscaling;

/// <summary>Reads every metric of one autoscaler once: the one that asks for most replicas decides.</summary>
internal sealed class MetricReader(
    ResourceMetrics metrics, EventRecorder events, HorizontalPodAutoscaler scaler, ScaleTarget target, IReadOnlyList<Pod> pods, int current,
    DateTimeOffset now)
{
    private readonly Tolerance _tolerance = new(
        (double?)scaler.Spec.Behavior?.ScaleUp?.Tolerance?.Value ?? Tolerance.Default.Up,
        (double?)scaler.Spec.Behavior?.ScaleDown?.Tolerance?.Value ?? Tolerance.Default.Down);

    public async Task<MetricReading> ReadAsync(CancellationToken cancellationToken)
    {
        var (statuses, failures) = (new List<MetricStatus>(), new List<(string Reason, string Message)>());
        int? replicas = null;
        var metric = "";
        foreach (var spec in scaler.Spec.Metrics)
        {
            try
            {
                var (proposal, status, name) = await ReadAsync(spec, cancellationToken);
                statuses.Add(status);
                if (replicas is null || proposal.Replicas > replicas)
                {
                    (replicas, metric) = (proposal.Replicas, name);
                }
            }
            catch (Exception exception) when (exception is KubeStatusException or InvalidOperationException)
            {
                var reason = $"FailedGet{(spec.Type == MetricSourceType.ContainerResource ? "ContainerResource" : spec.Type)}Metric";
                failures.Add((reason, exception.Message));
                events.Warning(scaler, reason, exception.Message);
            }
        }

        // What is not known must not end pods; it may be overruled by what asks for more.
        if (failures.Count > 0 && (replicas is null || replicas < current))
        {
            return new MetricReading(null, metric, statuses, failures[0].Reason, $"the HPA was unable to compute the replica count: {failures[0].Message}");
        }

        return new MetricReading(replicas ?? current, metric, statuses, "", "");
    }

    private async Task<(ReplicaProposal Proposal, MetricStatus Status, string Name)> ReadAsync(MetricSpec spec, CancellationToken cancellationToken)
    {
        if (spec is { Type: MetricSourceType.Resource, Resource: { } resource })
        {
            var proposal = await ProposeAsync(resource.Name, "", resource.Target, cancellationToken);
            var status = new MetricStatus { Type = spec.Type, Resource = new ResourceMetricStatus { Name = resource.Name, Current = ValueOf(proposal) } };
            return (proposal, status, $"{resource.Name} resource{(proposal.Utilization is null ? "" : " utilization (percentage of request)")}");
        }

        if (spec is { Type: MetricSourceType.ContainerResource, ContainerResource: { } container })
        {
            var proposal = await ProposeAsync(container.Name, container.Container, container.Target, cancellationToken);
            var status = new MetricStatus
            {
                Type = spec.Type,
                ContainerResource = new ContainerResourceMetricStatus { Name = container.Name, Container = container.Container, Current = ValueOf(proposal) },
            };
            return (proposal, status, $"{container.Name} container resource{(proposal.Utilization is null ? "" : " utilization (percentage of request)")}");
        }

        throw new InvalidOperationException($"metrics of type {spec.Type} are not served in this cluster");
    }

    private async Task<ReplicaProposal> ProposeAsync(string resource, string container, MetricTarget wanted, CancellationToken cancellationToken)
    {
        IReadOnlyDictionary<string, PodUsage> usages;
        try
        {
            usages = await metrics.ReadAsync(scaler.Metadata.Namespace, target.Selector.ToString(), resource, container, cancellationToken);
        }
        catch (KubeStatusException exception)
        {
            throw new InvalidOperationException(
                $"failed to get {resource} utilization: unable to get metrics for resource {resource}: unable to fetch metrics from resource metrics API: {exception.Message}", exception);
        }

        var calculator = new ReplicaCalculator(pods, resource, container, usages, now);
        return wanted.AverageUtilization is { } percent ? calculator.ForUtilization(current, percent, _tolerance)
            : wanted.AverageValue is { } average ? calculator.ForAverage(current, (long)Math.Ceiling(average.Value * 1000), _tolerance)
            : throw new InvalidOperationException("invalid resource metric source: neither an average utilization nor an average value was set");
    }

    private static MetricValueStatus ValueOf(ReplicaProposal proposal) => new()
    {
        AverageUtilization = proposal.Utilization,
        AverageValue = Quantity.Parse($"{proposal.AverageMilli}m"),
    };
}

/// <param name="Replicas">What is recommended; null when too little is known.</param>
/// <param name="Metric">Which decided.</param>
/// <param name="Failure">Why nothing is recommended; empty otherwise.</param>
internal sealed record MetricReading(int? Replicas, string Metric, IReadOnlyList<MetricStatus> Statuses, string Failure, string Message)
{
    public HorizontalPodAutoscalerStatus Apply(HorizontalPodAutoscalerStatus status, DateTimeOffset now) => (Replicas is null
        ? status.Set("ScalingActive", false, Failure, Message, now)
        : status.Set("ScalingActive", true, "ValidMetricFound", $"the HPA was able to successfully calculate a replica count from {Metric}", now))
        with { CurrentMetrics = Statuses };
}
