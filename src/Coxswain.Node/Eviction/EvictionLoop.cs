using Coxswain.Api.Core.V1;
using Coxswain.Api.Pods;
using Coxswain.Client.Events;
using Coxswain.Node.Options;
using Coxswain.Node.Planning;
using Coxswain.Node.Pods;
using Microsoft.Extensions.Logging;

namespace Coxswain.Node.Eviction;

/// <summary>
/// Watches what the node may run out of. When it is short of something it first makes room without harm, then evicts one pod at a time,
/// and looks again when that pod is gone. A pod that is above a limit of its own goes in any case.
/// </summary>
internal sealed partial class EvictionLoop(
    INodeMeter meter, NodePressure pressure, EvictionOptions options, IEvictablePods pods, IPodUsageMeter usage, ImageCollector images,
    EventRecorder events, TimeProvider time, ILogger logger)
{
    private const string Reason = "Evicted";

    private static readonly TimeSpan Period = TimeSpan.FromSeconds(10);

    /// <summary>Images are looked at this often unless room is needed sooner, as by the kubelet.</summary>
    private static readonly TimeSpan ImagePeriod = TimeSpan.FromMinutes(5);

    /// <summary>What the containers of an evicted pod get: there is no time.</summary>
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(1);

    private readonly LocalStorageLimits _limits = new(usage);
    private DateTimeOffset _imagesAt = DateTimeOffset.MinValue;
    private string? _evicted;

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            try
            {
                await LookAsync(cancellationToken);
            }
            catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
            {
                Log.LookFailed(logger, exception);
            }

            await Task.Delay(Period, time, cancellationToken);
        }
    }

    internal async Task LookAsync(CancellationToken cancellationToken)
    {
        if (time.GetUtcNow() - _imagesAt >= ImagePeriod)
        {
            _imagesAt = time.GetUtcNow();
            await images.CollectAsync(cancellationToken);
        }

        await EvictAboveTheirLimitsAsync(cancellationToken);
        var shortages = Measure();
        if (shortages.Count == 0 || IsStillGoing())
        {
            return;
        }

        if (shortages[0].Kind == PressureKind.Disk)
        {
            await images.RemoveUnusedAsync(() => Measure().Count == 0, cancellationToken);
            shortages = Measure();
            if (shortages.Count == 0)
            {
                return;
            }
        }

        if (EvictionRanking.Rank(await UsageAsync(shortages[0], cancellationToken)) is [{ Pod: var first }, ..])
        {
            _evicted = first.Metadata.Uid;
            Evict(first, shortages[0].Message);
        }
    }

    private IReadOnlyList<Shortage> Measure()
    {
        var shortages = PressureRules.Find(meter.Read(), options);
        pressure.Observe(shortages);
        return shortages;
    }

    /// <summary>The pod evicted last has not given back what it holds.</summary>
    private bool IsStillGoing() => _evicted is { } uid && pods.Pods.Any(pod => pod.Metadata.Uid == uid && IsActive(pod));

    private async Task<IReadOnlyList<PodUsage>> UsageAsync(Shortage shortage, CancellationToken cancellationToken)
    {
        var used = new List<PodUsage>();
        foreach (var pod in pods.Pods.Where(IsActive))
        {
            used.Add(shortage.Kind switch
            {
                PressureKind.Memory => new PodUsage(pod, await usage.MemoryAsync(pod, cancellationToken), PodRequests.Of(pod.Spec, ResourceName.Memory).LongValue),
                PressureKind.Disk => new PodUsage(pod, usage.Disk(pod, cancellationToken), PodRequests.Of(pod.Spec, ResourceName.EphemeralStorage).LongValue),
                _ => new PodUsage(pod, 0, 0),
            });
        }

        return used;
    }

    private async Task EvictAboveTheirLimitsAsync(CancellationToken cancellationToken)
    {
        foreach (var pod in pods.Pods.Where(IsActive))
        {
            if (await _limits.FindExceededAsync(pod, cancellationToken) is { } exceeded)
            {
                Evict(pod, exceeded);
            }
        }
    }

    private void Evict(Pod pod, string message)
    {
        if (pods.Evict(pod.Metadata.Uid, new PodFailure(Reason, message), Grace))
        {
            events.Warning(pod, Reason, message);
            Log.Evicted(logger, pod.Metadata.Namespace, pod.Metadata.Name, message);
        }
    }

    private static bool IsActive(Pod pod) => pod.Status.Phase is not (PodPhase.Succeeded or PodPhase.Failed);

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Warning, "Evicted pod {Namespace}/{Name}: {Message}")]
        public static partial void Evicted(ILogger logger, string @namespace, string name, string message);

        [LoggerMessage(LogLevel.Warning, "What the node may run out of could not be measured and will be again")]
        public static partial void LookFailed(ILogger logger, Exception exception);
    }
}
