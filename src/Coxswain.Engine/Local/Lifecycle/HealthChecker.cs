using System.Text;
using Coxswain.Engine.Containers;
using Coxswain.Engine.Events;
using Coxswain.Linux.Processes;
using Microsoft.Extensions.Logging;

namespace Coxswain.Engine.Local.Lifecycle;

/// <summary>Runs a container's health check again and again while it runs.</summary>
internal sealed partial class HealthChecker(IContainers containers, IEngineEvents events, TimeProvider time, ILogger logger)
{
    private const int MostResults = 5;
    private const int MostOutput = 4096;
    private const int TimedOut = -1;

    public async Task RunAsync(LocalEntry entry, HealthCheckSpec check, CancellationToken cancellationToken)
    {
        await Task.Yield();
        var began = time.GetUtcNow();
        entry.Health = new HealthState(HealthStatus.Starting, 0, []);
        while (!cancellationToken.IsCancellationRequested)
        {
            var starting = entry.Health.Status == HealthStatus.Starting && time.GetUtcNow() - began < check.StartPeriod;
            await Task.Delay(starting && check.StartInterval < check.Interval ? check.StartInterval : check.Interval, time, cancellationToken)
                .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (cancellationToken.IsCancellationRequested)
            {
                return;
            }

            try
            {
                var result = await CheckAsync(entry.Id, check, cancellationToken);
                Judge(entry, check, result, inGrace: time.GetUtcNow() - began < check.StartPeriod);
            }
            catch (OperationCanceledException)
            {
                return;
            }
            catch (Exception exception)
            {
                Log.CheckFailed(logger, exception, entry.Id);
            }
        }
    }

    private void Judge(LocalEntry entry, HealthCheckSpec check, HealthCheckResult result, bool inGrace)
    {
        var before = entry.Health ?? new HealthState(HealthStatus.Starting, 0, []);
        var healthy = result.ExitCode == 0;
        var streak = healthy ? 0 : inGrace && before.Status == HealthStatus.Starting ? before.FailingStreak : before.FailingStreak + 1;
        var status = healthy ? HealthStatus.Healthy : streak >= check.Retries ? HealthStatus.Unhealthy : before.Status;
        entry.Health = new HealthState(status, streak, [.. before.Log.Append(result).TakeLast(MostResults)]);
        if (status != before.Status)
        {
            events.Publish(
                EngineEventType.ContainerHealth, entry.Id,
                new Dictionary<string, string>
                {
                    [EventAttributes.Name] = entry.Record.Spec.Name,
                    [EventAttributes.Health] = status.ToString().ToLowerInvariant(),
                },
                entry.Record.Spec.Process.Labels);
        }
    }

    private async Task<HealthCheckResult> CheckAsync(string id, HealthCheckSpec check, CancellationToken cancellationToken)
    {
        var start = time.GetUtcNow();
        await using var exec = await containers.ExecAsync(id, new ExecSpec { Args = check.Command }, cancellationToken);
        using var limit = new CancellationTokenSource(check.Timeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        var output = new StringBuilder();
        try
        {
            await Task.WhenAll(ReadAsync(exec.Output, output, either.Token), ReadAsync(exec.Error ?? Stream.Null, output, either.Token));
            var code = await exec.Exited.WaitAsync(either.Token);
            return new HealthCheckResult(start, time.GetUtcNow(), code, output.ToString());
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            exec.Kill(Signals.Kill);
            return new HealthCheckResult(start, time.GetUtcNow(), TimedOut, $"Health check exceeded timeout ({check.Timeout.TotalSeconds}s)");
        }
    }

    private static async Task ReadAsync(Stream stream, StringBuilder output, CancellationToken cancellationToken)
    {
        var buffer = new byte[MostOutput];
        int count;
        while ((count = await stream.ReadAsync(buffer, cancellationToken)) > 0)
        {
            lock (output)
            {
                output.Append(Encoding.UTF8.GetString(buffer, 0, Math.Min(count, Math.Max(0, MostOutput - output.Length))));
            }
        }
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Debug, "The health of container {Container} could not be checked")]
        public static partial void CheckFailed(ILogger logger, Exception exception, string container);
    }
}
