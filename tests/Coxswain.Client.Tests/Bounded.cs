namespace Coxswain.Client.Tests;

/// <summary>A bound on waiting, so that a test that waits for what never comes says so.</summary>
internal static class Bounded
{
    public static CancellationToken Token => new CancellationTokenSource(TimeSpan.FromSeconds(20)).Token;
}
