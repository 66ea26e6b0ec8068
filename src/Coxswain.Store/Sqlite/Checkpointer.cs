namespace Coxswain.Store.Sqlite;

/// <summary>
/// Copies SQLite's write-ahead log into the database on a thread and connection of its own, while the writer goes on
/// appending. What the writer appended meanwhile is little; the writer copies that itself and the log begins anew.
/// </summary>
/// <remarks>
/// SQLite before 3.51.3 can damage a database when a connection begins a checkpoint of a log that is already copied to
/// its end, and another connection begins that log anew at the same moment. So this one is asked only while frames are
/// known to be uncopied, and the writer copies nothing until it is done: the log cannot be complete before this one has
/// completed it, and an incomplete log is never begun anew.
/// </remarks>
internal sealed class Checkpointer : IDisposable
{
    private readonly string _path;
    private readonly Func<string, int>? _fault;
    private readonly object _gate = new();
    private readonly Thread _thread;
    private CheckpointState _state = CheckpointState.Resting;
    private StoreException? _failure;
    private bool _isStopped;

    private Checkpointer(string path, Func<string, int>? fault)
    {
        _path = path;
        _fault = fault;
        _thread = new Thread(Run) { Name = "store checkpoint", IsBackground = true };
    }

    public static Checkpointer Start(string path, Func<string, int>? fault)
    {
        var checkpointer = new Checkpointer(path, fault);
        checkpointer._thread.UnsafeStart();
        return checkpointer;
    }

    /// <summary>Asks for a checkpoint unless one is under way, or has ended and the writer has not copied the rest.</summary>
    /// <param name="uncopiedFrames">Pages that the writer's last commit left in the log.</param>
    public void Request(int uncopiedFrames)
    {
        Invariant.Holds(uncopiedFrames > 0, "only an incomplete log is checkpointed beside the writer");
        lock (_gate)
        {
            if (_state == CheckpointState.Resting)
            {
                _state = CheckpointState.Requested;
                Monitor.PulseAll(_gate);
            }
        }
    }

    /// <summary>Blocks while a checkpoint is under way.</summary>
    public void Wait()
    {
        lock (_gate)
        {
            while (_state == CheckpointState.Requested)
            {
                Monitor.Wait(_gate);
            }
        }
    }

    /// <summary>Whether a checkpoint ended since the last call, and what it failed with if it did.</summary>
    public bool TakeFinished(out StoreException? failure)
    {
        lock (_gate)
        {
            failure = _failure;
            if (_state != CheckpointState.Finished)
            {
                return false;
            }

            (_state, _failure) = (CheckpointState.Resting, null);
            return true;
        }
    }

    public void Dispose()
    {
        lock (_gate)
        {
            _isStopped = true;
            Monitor.PulseAll(_gate);
        }

        _thread.Join();
    }

    private void Run()
    {
        while (WaitForRequest())
        {
            var failure = Checkpoint();
            lock (_gate)
            {
                (_state, _failure) = (CheckpointState.Finished, failure);
                Monitor.PulseAll(_gate);
            }
        }
    }

    private StoreException? Checkpoint()
    {
        try
        {
            // A connection for each: opening one is cheap, and none is left in a state after a failure.
            using var connection = new SqliteConnection(_path) { Fault = _fault };
            return connection.Checkpoint()
                ? null
                : new StoreException($"database {_path}: checkpoint: another program is copying the log");
        }
        catch (Exception exception)
        {
            return exception as StoreException
                ?? new StoreException($"database {_path}: checkpoint: {exception.Message}", exception);
        }
    }

    private bool WaitForRequest()
    {
        lock (_gate)
        {
            while (_state != CheckpointState.Requested && !_isStopped)
            {
                Monitor.Wait(_gate);
            }

            return !_isStopped;
        }
    }

    private enum CheckpointState
    {
        Resting,
        Requested,
        Finished,
    }
}
