using Coxswain.Client.WorkQueues;
using Microsoft.Extensions.Logging;

namespace Coxswain.Controllers.Management;

/// <summary>Runs one part of the manager, and runs it again when it ends before it is stopped: the others go on meanwhile.</summary>
internal sealed partial class SupervisedPart(string name, Func<CancellationToken, Task> run, TimeProvider time, ILogger logger)
{
    private static readonly BackOff RestartBackOff = new(TimeSpan.FromSeconds(1), TimeSpan.FromMinutes(1));

    /// <summary>A part that ran for so long has recovered; its next failure counts as the first.</summary>
    private static readonly TimeSpan Recovery = TimeSpan.FromMinutes(5);

    private ControllerStatus _status = new(name, IsRunning: false, 0, "");

    public ControllerStatus Status => Volatile.Read(ref _status);

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            var started = time.GetTimestamp();
            Volatile.Write(ref _status, _status with { IsRunning = true });
            Exception? failure = null;
            try
            {
                await run(cancellationToken);
            }
            catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
            {
                failure = exception;
            }
            catch (Exception)
            {
                // Whatever fails while stopping has stopped.
            }

            if (cancellationToken.IsCancellationRequested)
            {
                break;
            }

            var failures = time.GetElapsedTime(started) >= Recovery ? 1 : _status.Failures + 1;
            Volatile.Write(ref _status, new ControllerStatus(name, IsRunning: false, failures, failure?.Message ?? "ended by itself"));
            Log.Ended(logger, failure, name, failures);
            await Task.Delay(RestartBackOff.After(failures - 1), time, cancellationToken).ConfigureAwait(
                ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
        }

        Volatile.Write(ref _status, _status with { IsRunning = false });
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Error, "{Name} ended though nobody stopped it, {Failures} times in a row, and will be started again")]
        public static partial void Ended(ILogger logger, Exception? exception, string name, int failures);
    }
}
