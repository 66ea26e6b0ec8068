namespace Coxswain.Linux.Processes;

/// <summary>Tells when processes end that need not be our children (adopted containers and their monitors).</summary>
public interface IProcessWatcher
{
    /// <summary>Completes as soon as the process ends; at once when there is no such process.</summary>
    /// <param name="startTime">
    /// The start time of the process meant (<see cref="ProcessInfo.StartTime"/>), so that a reused id is not taken for it; 0 for any.
    /// </param>
    Task WaitForExitAsync(int pid, long startTime, CancellationToken cancellationToken);
}
