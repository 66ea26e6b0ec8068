using Coxswain.Engine.Containers.Records;
using Coxswain.Engine.Containers.Tasks;

namespace Coxswain.Engine.Containers.Lifecycle;

/// <summary>One container in memory: its record, its newest task's record, swapped as a whole, and who waits for what.</summary>
internal sealed class ContainerEntry(ContainerRecord record, TaskRecord task) : IDisposable
{
    /// <summary>How many may wait to be attached to the next task.</summary>
    public const int MostWaitingAttaches = 64;

    private readonly List<ContainerAttach> _waiting = [];
    private TaskRecord _task = task;
    private LiveTask? _live;
    private TaskCompletionSource<ContainerExit> _nextExit = NewExit();

    public ContainerRecord Record { get; set; } = record;

    public TaskRecord Task => Volatile.Read(ref _task);

    /// <summary>Null when no process waits or runs.</summary>
    public LiveTask? Live => Volatile.Read(ref _live);

    /// <summary>Serializes the verbs of one container.</summary>
    public SemaphoreSlim Gate { get; } = new(1, 1);

    /// <summary>False while it is being made: its id is taken, but nobody sees it yet.</summary>
    public bool IsReady { get; set; }

    /// <summary>The loop that waits for the end of the newest task; awaited when the engine lets go.</summary>
    public Task Monitoring { get; set; } = System.Threading.Tasks.Task.CompletedTask;

    public bool IsRemoved => Removed.Task.IsCompleted;

    public TaskCompletionSource Removed { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public Task<ContainerExit> NextExit => Volatile.Read(ref _nextExit).Task;

    public ContainerStatus Status => Record.ToStatus(Task);

    public void Set(TaskRecord task) => Volatile.Write(ref _task, task);

    public void Begin(LiveTask live) => Volatile.Write(ref _live, live);

    /// <summary>The task has ended: tells everyone who waits.</summary>
    public void End(LiveTask live, ContainerExit exit)
    {
        Volatile.Write(ref _live, null);
        live.Exited.TrySetResult(exit);
        Interlocked.Exchange(ref _nextExit, NewExit()).TrySetResult(exit);
    }

    public void Remove()
    {
        Removed.TrySetResult();
        TakeWaiting().ForEach(attach => attach.Close());
        _nextExit.TrySetException(new ContainerNotFoundException(Record.Id));
        _ = _nextExit.Task.Exception; // Nobody need have waited.
    }

    /// <summary>Remembers who is to be attached to the next task. Under the gate, as <see cref="TakeWaiting"/>.</summary>
    public void Wait(ContainerAttach attach)
    {
        if (_waiting.Count == MostWaitingAttaches)
        {
            throw new EngineException($"{MostWaitingAttaches} wait to be attached to container {Record.Id} already");
        }

        _waiting.Add(attach);
    }

    public List<ContainerAttach> TakeWaiting()
    {
        List<ContainerAttach> taken = [.. _waiting];
        _waiting.Clear();
        return taken;
    }

    public void Dispose() => Gate.Dispose();

    private static TaskCompletionSource<ContainerExit> NewExit() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
