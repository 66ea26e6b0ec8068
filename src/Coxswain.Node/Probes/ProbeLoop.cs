using Coxswain.Api.Core.V1;
using Microsoft.Extensions.Logging;

namespace Coxswain.Node.Probes;

internal enum ProbeKind
{
    Startup,
    Liveness,
    Readiness,
}

/// <summary>One probe of one attempt at a container: what to run, and whom to tell.</summary>
/// <param name="Initially">The verdict before the first result.</param>
/// <param name="Verdict">Told whenever enough results in a row agree on something new.</param>
/// <param name="Failed">Told of every single failure.</param>
/// <param name="Warned">Told of every success that is to be looked at.</param>
internal sealed record ProbeRun(
    ProbeKind Kind, Probe Probe, ProbeTarget Target, DateTimeOffset StartedAt, bool? Initially, Action<bool> Verdict, Action<string> Failed,
    Action<string> Warned);

/// <summary>Runs one probe on its period, for as long as the attempt lives.</summary>
internal sealed partial class ProbeLoop(Prober prober, ProbeCounts counts, TimeProvider time, ILogger logger)
{
    /// <summary>
    /// A container that does not listen yet is asked again this soon, then half as often each time, up to the probe's period:
    /// nothing answered, so nothing failed, and it becomes ready as soon as it can be.
    /// </summary>
    private static readonly TimeSpan FirstRetry = TimeSpan.FromMilliseconds(50);

    public async Task RunAsync(ProbeRun run, CancellationToken cancellationToken)
    {
        var probe = run.Probe;
        var period = TimeSpan.FromSeconds(Math.Max(1, probe.PeriodSeconds));
        var wait = run.StartedAt.AddSeconds(probe.InitialDelaySeconds) - time.GetUtcNow();
        var streak = new Streak(run.Initially, Math.Max(1, probe.SuccessThreshold), Math.Max(1, probe.FailureThreshold));
        var retry = FirstRetry;
        while (true)
        {
            if (wait > TimeSpan.Zero)
            {
                await Task.Delay(wait, time, cancellationToken);
            }

            wait = period;
            try
            {
                var result = await prober.ProbeAsync(probe, run.Target, cancellationToken);
                if (result.Outcome == ProbeOutcome.Refused && !streak.HasSucceeded && run.Kind != ProbeKind.Liveness && retry < period)
                {
                    wait = retry;
                    retry *= 2;
                    continue;
                }

                counts.Add(run.Target.ContainerId, run.Kind, result.Outcome);
                var success = result.Outcome == ProbeOutcome.Success;
                if (!success)
                {
                    run.Failed(result.Message);
                }
                else if (result.Message.Length > 0)
                {
                    run.Warned(result.Message);
                }

                if (streak.Add(success) is { } verdict)
                {
                    run.Verdict(verdict);
                    if (run.Kind == ProbeKind.Startup || (run.Kind == ProbeKind.Liveness && !verdict))
                    {
                        return; // A startup probe has said all it can; an unhealthy container is on its way out.
                    }
                }
            }
            catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
            {
                // A probe that could not run gives no verdict, as in the kubelet: a restart storm caused by our own fault
                // would be worse than a stale status.
                counts.Add(run.Target.ContainerId, run.Kind, outcome: null);
                Log.ProbeDidNotRun(logger, exception, run.Kind, run.Target.Container.Name);
            }
        }
    }

    /// <summary>Counts equal results in a row.</summary>
    private sealed class Streak(bool? initially, int successThreshold, int failureThreshold)
    {
        private bool? _verdict = initially;
        private bool _last;
        private int _count;

        public bool HasSucceeded { get; private set; }

        public bool? Add(bool success)
        {
            HasSucceeded |= success;
            _count = success == _last ? _count + 1 : 1;
            _last = success;
            if (_count < (success ? successThreshold : failureThreshold) || _verdict == success)
            {
                return null;
            }

            _verdict = success;
            return success;
        }
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Warning, "{Kind} probe of container {Container} did not run")]
        public static partial void ProbeDidNotRun(ILogger logger, Exception exception, ProbeKind kind, string container);
    }
}
