using Coxswain.Linux.Links;
using Coxswain.Linux.Processes;
using Microsoft.Extensions.Logging;

namespace Coxswain.Engine.Networks;

/// <summary>Has a network looked at whenever the kernel tells of a change that can concern it.</summary>
internal sealed partial class NetworkWatch(KernelEvents kernel, TimeProvider time, ILogger logger)
{
    /// <summary>Changes come in flocks; the last of one is waited for.</summary>
    private static readonly TimeSpan Settle = TimeSpan.FromMilliseconds(100);

    private static readonly TimeSpan AfterFailure = TimeSpan.FromSeconds(5);

    /// <param name="concerns">Whether a change can be of interest; null is too many to say.</param>
    /// <param name="lookAsync">Is told whether rules may be lost. Also called once at the beginning.</param>
    public async Task RunAsync(
        Func<NetworkChange?, bool> concerns, Func<bool, CancellationToken, Task> lookAsync, CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            try
            {
                using var monitor = new NetlinkMonitor(kernel);
                await lookAsync(true, cancellationToken);
                while (true)
                {
                    var change = await monitor.WaitAsync(cancellationToken);
                    if (concerns(change))
                    {
                        await Task.Delay(Settle, time, cancellationToken);
                        await lookAsync(change is null or { Rules: true }, cancellationToken);
                    }
                }
            }
            catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
            {
                Log.Failed(logger, exception, AfterFailure);
                await Task.Delay(AfterFailure, time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
            catch (OperationCanceledException)
            {
                return;
            }
        }
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Warning, "The container network could not be looked after; again in {Delay}")]
        public static partial void Failed(ILogger logger, Exception exception, TimeSpan delay);
    }
}
