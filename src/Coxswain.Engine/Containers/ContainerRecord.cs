namespace Coxswain.Engine.Containers;

/// <summary>What is on disk about a container: enough to adopt it, or to clean up after a creation that was cut short.</summary>
/// <param name="Pid">The first process; 0 while the container is still being made.</param>
/// <param name="PidStartTime">Tells that process from a later one with its id.</param>
/// <param name="MonitorPid">conmon.</param>
internal sealed record ContainerRecord(
    string Id,
    ContainerSpec Spec,
    ContainerState State,
    int Pid,
    long PidStartTime,
    int MonitorPid,
    long MonitorStartTime,
    string RootDirectory,
    string CgroupPath,
    DateTimeOffset CreatedAt,
    DateTimeOffset? StartedAt,
    ContainerExit? Exit)
{
    public ContainerStatus ToStatus() => new(
        Id, Spec, State, State == ContainerState.Exited ? 0 : Pid, RootDirectory, CgroupPath, CreatedAt, StartedAt, Exit);
}
