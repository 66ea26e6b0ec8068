using System.Text.Json;
using Coxswain.Linux.Files;
using Microsoft.Extensions.Logging;

namespace Coxswain.Engine.Containers.Records;

/// <summary>
/// The records on disk, one directory a container. A directory without a record is a creation that was cut short. Records are
/// flushed to the disk; tasks only when they end, as a power failure ends those that run in any case.
/// </summary>
internal sealed partial class ContainerStore(ContainerPaths paths, ILogger<ContainerStore> logger)
{
    /// <summary>Leaves a mark before anything of a container exists.</summary>
    public void Begin(string id) => Directory.CreateDirectory(paths.Container(id));

    public Task SaveAsync(ContainerRecord record, CancellationToken cancellationToken) =>
        // A flush takes milliseconds.
        Task.Run(
            () => DurableFile.WriteJson(paths.Record(record.Id), record, RecordJson.Default.ContainerRecord), cancellationToken);

    public Task SaveTaskAsync(string id, TaskRecord task, CancellationToken cancellationToken)
    {
        var path = paths.Task(id);
        if (task.State == ContainerState.Exited)
        {
            return Task.Run(() => DurableFile.WriteJson(path, task, RecordJson.Default.TaskRecord), cancellationToken);
        }

        var aside = path + ".new";
        File.WriteAllBytes(aside, JsonSerializer.SerializeToUtf8Bytes(task, RecordJson.Default.TaskRecord));
        File.Move(aside, path, overwrite: true);
        return Task.CompletedTask;
    }

    /// <summary>
    /// Everything there is. A record that cannot be read is left where it is, and said: it may be of a later version.
    /// </summary>
    public IReadOnlyList<StoredContainer> Load()
    {
        var found = new List<StoredContainer>();
        if (!Directory.Exists(paths.Containers))
        {
            return found;
        }

        foreach (var directory in Directory.EnumerateDirectories(paths.Containers).Order(StringComparer.Ordinal))
        {
            var id = Path.GetFileName(directory);
            switch (DurableFile.ReadJson(paths.Record(id), RecordJson.Default.ContainerRecord, out var record))
            {
                case DurableRead.Missing:
                    found.Add(new StoredContainer(id, null, new TaskRecord { Preparing = true }));
                    break;
                case DurableRead.Damaged:
                    Log.RecordUnreadable(logger, id);
                    break;
                default:
                    found.Add(new StoredContainer(id, record, LoadTask(id, record!.CreatedAt))); // Set when whole.
                    break;
            }
        }

        return found;
    }

    public void Delete(string id) => TreeRemover.Remove(paths.Container(id));

    private TaskRecord LoadTask(string id, DateTimeOffset createdAt)
    {
        switch (DurableFile.ReadJson(paths.Task(id), RecordJson.Default.TaskRecord, out var task))
        {
            case DurableRead.Whole:
                return task!; // Set when whole.
            case DurableRead.Missing:
                return new TaskRecord();
            default:
                Log.TaskUnreadable(logger, id);
                return new TaskRecord
                {
                    State = ContainerState.Exited,
                    Preparing = true,
                    Exit = new ContainerExit(ContainerExit.UnknownCode, false, createdAt, "how it ended was lost in a power failure"),
                };
        }
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Warning, "The record of container {Container} cannot be read and is ignored")]
        public static partial void RecordUnreadable(ILogger logger, string container);

        [LoggerMessage(LogLevel.Warning, "How the task of container {Container} ended cannot be read; it counts as exited")]
        public static partial void TaskUnreadable(ILogger logger, string container);
    }
}

/// <param name="Record">Null when the creation was cut short.</param>
internal sealed record StoredContainer(string Id, ContainerRecord? Record, TaskRecord Task);
