namespace Coxswain.Controllers.Management;

/// <summary>How one controller fares.</summary>
/// <param name="Failures">How often in a row it ended though nobody had stopped it.</param>
/// <param name="LastFailure">Empty when it has not failed yet.</param>
public sealed record ControllerStatus(string Name, bool IsRunning, int Failures, string LastFailure);
