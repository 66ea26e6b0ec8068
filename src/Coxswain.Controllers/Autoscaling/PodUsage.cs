namespace Coxswain.Controllers.Autoscaling;

/// <summary>What one pod used of one resource, in thousandths of its unit.</summary>
/// <param name="At">The end of the time that was measured.</param>
internal sealed record PodUsage(long Milli, DateTimeOffset At, TimeSpan Window);
