using Coxswain.Testing.Time;

namespace Coxswain.Node.Tests;

internal static class VirtualTimeExtensions
{
    /// <summary>Completes when some timer waits for exactly this long from now.</summary>
    public static Task ArmedAsync(this VirtualTime time, TimeSpan wait, CancellationToken cancellationToken) =>
        time.WaitForTimerAsync(time.GetUtcNow() + wait, cancellationToken);
}
