using System.Threading.Channels;

namespace Coxswain.Node.Streaming.Commands;

/// <summary>What both forms of streams wait for.</summary>
internal static class CommandWaits
{
    private static readonly TimeSpan Goodbye = TimeSpan.FromSeconds(5);

    public static Channel<TerminalSize> NewestSize() =>
        Channel.CreateBounded<TerminalSize>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropOldest });

    /// <summary>
    /// Closing a connection with unread bytes in it would take back what was just sent, so the client is let finish; not for ever.
    /// </summary>
    public static async Task WaitForGoodbyeAsync(TimeProvider time, CancellationToken gone, CancellationToken cancellationToken)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(gone, cancellationToken);
        await Task.Delay(Goodbye, time, either.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
    }
}
