namespace Coxswain.Engine.Containers.Records;

/// <summary>A container as it is kept: on disk for good, whatever becomes of its tasks.</summary>
internal sealed record ContainerRecord(
    string Id, ContainerSpec Spec, string RootDirectory, string CgroupPath, DateTimeOffset CreatedAt)
{
    public ContainerStatus ToStatus(TaskRecord task) => new()
    {
        Id = Id,
        Spec = Spec,
        State = task.State,
        Paused = task.Paused,
        Pid = task.Pid,
        RootDirectory = RootDirectory,
        CgroupPath = CgroupPath,
        CreatedAt = CreatedAt,
        StartedAt = task.StartedAt,
        Exit = task.Exit,
        LastExit = task.LastExit,
        RestartCount = Math.Max(0, task.Starts - 1),
    };
}
