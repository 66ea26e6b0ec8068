using System.Collections.Concurrent;
using System.Globalization;
using Coxswain.Api.Autoscaling.V2;
using Coxswain.Api.Core.V1;
using Coxswain.Api.Errors;
using Coxswain.Client;
using Coxswain.Client.Events;
using Coxswain.Client.Informers;
using Coxswain.Client.Reconcilers;

namespace Coxswain.Controllers.Autoscaling;

/// <summary>
/// Scales what autoscalers name so that its pods use what they should
/// (https://kubernetes.io/docs/tasks/run-application/horizontal-pod-autoscale/).
/// </summary>
internal sealed class HorizontalPodAutoscalerController : KeyedController
{
    private const string OwnName = "horizontal-pod-autoscaler";

    /// <summary>How often usage is looked at: nothing tells when it changes. As in Kubernetes.</summary>
    private static readonly TimeSpan Period = TimeSpan.FromSeconds(15);

    private readonly TimeProvider _time;
    private readonly IKubeClient _client;
    private readonly Informer<HorizontalPodAutoscaler> _scalers;
    private readonly Informer<Pod> _pods;
    private readonly ScaleTargets _targets;
    private readonly ResourceMetrics _metrics;
    private readonly EventRecorder _events;

    // One for each autoscaler, by uid.
    private readonly ConcurrentDictionary<string, ScalingHistory> _histories = new(StringComparer.Ordinal);

    public HorizontalPodAutoscalerController(ControllerContext context)
        : base(OwnName, context)
    {
        _time = context.Time;
        _client = context.ClientFor(OwnName);
        _scalers = context.Informers.Of<HorizontalPodAutoscaler>();
        _pods = context.Informers.Of<Pod>();
        _targets = new ScaleTargets(_client, context.Informers);
        _metrics = new ResourceMetrics(_client);
        _events = context.Events.RecorderFor(OwnName);
    }

    protected override IReadOnlyList<IInformer> Inputs => [_scalers, _pods, .. _targets.Inputs];

    public override async Task<Requeue> ReconcileAsync(NamespacedName key, CancellationToken cancellationToken)
    {
        if (_scalers.Get(key) is not { Metadata.DeletionTimestamp: null } scaler)
        {
            return Requeue.Never;
        }

        var now = _time.GetUtcNow();
        var status = scaler.Status with { ObservedGeneration = scaler.Metadata.Generation };
        if (_targets.Find(key.Namespace, scaler.Spec.ScaleTargetRef) is { } target)
        {
            status = status.Set("AbleToScale", true, "SucceededGetScale", "the HPA controller was able to get the target's current scale", now);
            status = await ScaleAsync(scaler, status with { CurrentReplicas = target.Current }, target, now, cancellationToken);
        }
        else
        {
            var reference = scaler.Spec.ScaleTargetRef;
            var message = $"the HPA controller was unable to get the target's current scale: {reference.Kind} \"{reference.Name}\" not found";
            status = status.Set("AbleToScale", false, "FailedGetScale", message, now);
            _events.Warning(scaler, "FailedGetScale", $"{reference.Kind} \"{reference.Name}\" not found");
        }

        if (!status.Equals(scaler.Status))
        {
            await _client.UpdateStatusAsync(scaler with { Status = status }, cancellationToken);
        }

        return Requeue.In(Period);
    }

    protected override void Subscribe() => _scalers.OnChange((old, current) =>
    {
        if (old is not null && old.Metadata.Uid != current?.Metadata.Uid)
        {
            _histories.TryRemove(old.Metadata.Uid, out _);
        }

        // What we write ourselves is no reason to look again at once.
        if (current is not null && (old is null || !old.Spec.Equals(current.Spec)))
        {
            Queue.Add(NamespacedName.Of(current));
        }
    });

    private async Task<HorizontalPodAutoscalerStatus> ScaleAsync(
        HorizontalPodAutoscaler scaler, HorizontalPodAutoscalerStatus status, ScaleTarget target, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var (current, spec) = (target.Replicas, scaler.Spec);
        var least = spec.MinReplicas ?? 1;
        if (current == 0 && least != 0)
        {
            return status.Set("ScalingActive", false, "ScalingDisabled", "scaling is disabled since the replica count of the target is zero", now)
                with { DesiredReplicas = 0 };
        }

        int desired;
        string why;
        if (current > spec.MaxReplicas)
        {
            (desired, why) = (spec.MaxReplicas, "Current number of replicas above Spec.MaxReplicas");
        }
        else if (current < least)
        {
            (desired, why) = (least, "Current number of replicas below Spec.MinReplicas");
        }
        else
        {
            var reading = await MetricReader(scaler, target, current, now).ReadAsync(cancellationToken);
            status = reading.Apply(status, now);
            if (reading.Replicas is not { } recommended)
            {
                return status with { DesiredReplicas = current };
            }

            var history = _histories.GetOrAdd(scaler.Metadata.Uid, _ => new ScalingHistory());
            var limits = ScalingLimits.Apply(spec, current, recommended, history, now);
            history.Recommend(recommended, now);
            desired = limits.Replicas;
            why = desired > current ? $"{reading.Metric} above target" : "All metrics below target";
            status = status.Set("ScalingLimited", limits.IsLimited, limits.Reason, limits.Message, now);
            status = limits.Stabilized.Length == 0
                ? status.Set("AbleToScale", true, "ReadyForNewScale", "recommended size matches current size", now)
                : status.Set("AbleToScale", true, limits.Stabilized,
                    $"recent recommendations were {(limits.Stabilized == "ScaleDownStabilized" ? "higher" : "lower")} than current one, applying the "
                    + $"{(limits.Stabilized == "ScaleDownStabilized" ? "highest" : "lowest")} recent recommendation", now);
        }

        return desired == current ? status with { DesiredReplicas = desired } : await RescaleAsync(scaler, status, target, desired, why, now, cancellationToken);
    }

    private MetricReader MetricReader(HorizontalPodAutoscaler scaler, ScaleTarget target, int current, DateTimeOffset now)
    {
        var pods = _pods.List(scaler.Metadata.Namespace).Where(pod => target.Selector.Matches(pod.Metadata.Labels)).ToList();
        return new MetricReader(_metrics, _events, scaler, target, pods, current, now);
    }

    private async Task<HorizontalPodAutoscalerStatus> RescaleAsync(
        HorizontalPodAutoscaler scaler, HorizontalPodAutoscalerStatus status, ScaleTarget target, int desired, string why, DateTimeOffset now,
        CancellationToken cancellationToken)
    {
        var size = desired.ToString(CultureInfo.InvariantCulture);
        try
        {
            await _targets.ScaleAsync(target, scaler.Metadata.Namespace, scaler.Spec.ScaleTargetRef.Name, desired, cancellationToken);
        }
        catch (KubeStatusException exception)
        {
            _events.Warning(scaler, "FailedRescale", $"New size: {size}; reason: {why}; error: {exception.Message}");
            return status.Set("AbleToScale", false, "FailedUpdateScale", $"the HPA controller was unable to update the target scale: {exception.Message}", now);
        }

        _histories.GetOrAdd(scaler.Metadata.Uid, _ => new ScalingHistory()).Changed(desired - target.Replicas, now);
        _events.Normal(scaler, "SuccessfulRescale", $"New size: {size}; reason: {why}");
        return status.Set("AbleToScale", true, "SucceededRescale", $"the HPA controller was able to update the target scale to {size}", now)
            with { DesiredReplicas = desired, LastScaleTime = now };
    }
}
