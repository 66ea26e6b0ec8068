using Coxswain.Store.Core;
using Coxswain.Store.History;
using Microsoft.Extensions.Logging;

namespace Coxswain.Store.Sqlite;

/// <summary>
/// The one writer: a thread that owns the database, because it spends its life waiting for the disk. Takes all waiting
/// writes, makes them durable together, publishes them, and only then answers.
/// </summary>
internal sealed partial class SqliteWriter
{
    private readonly string _path;
    private readonly StoreOptions _options;
    private readonly SqliteTuning _tuning;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly DiskReserve _reserve;
    private readonly TaskCompletionSource<StoreCore> _opened = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _stopped = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly List<PendingWrite> _taken = [];
    private SqliteLog? _log;
    private bool _mayDeleteWhenIdle = true;

    /// <summary>The checkpointer has copied what it saw: until the writer has copied the rest, the log may be complete.</summary>
    private bool _isCheckpointToFinish;

    public SqliteWriter(string path, StoreOptions options, SqliteTuning tuning, TimeProvider time, ILogger logger)
    {
        _path = path;
        _options = options;
        _tuning = tuning;
        _time = time;
        _logger = logger;
        _reserve = new DiskReserve(path, tuning.ReserveBytes);
    }

    public WriteQueue Queue { get; } = new();

    public Task Stopped => _stopped.Task;

    /// <summary>Waits for the disk so far.</summary>
    public long Commits => _log?.Commits ?? 0;

    /// <summary>Starts the thread; completes when the database is recovered.</summary>
    public Task<StoreCore> OpenAsync()
    {
        new Thread(Run) { Name = "store writer", IsBackground = true }.UnsafeStart();
        return _opened.Task;
    }

    private void Run()
    {
        try
        {
            StoreFiles.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(_path))!); // a file has a directory
            using var storeLock = StoreLock.Take(_path);
            _reserve.Open();
            try
            {
                Serve();
            }
            finally
            {
                _reserve.Close();
            }
        }
        catch (Exception exception)
        {
            _opened.TrySetException(exception as StoreException
                ?? new StoreException($"database {_path}: {exception.Message}", exception));
        }
        finally
        {
            RefuseTheRest();
            _stopped.SetResult();
        }
    }

    private void Serve()
    {
        using var log = WithReserve(() => new SqliteLog(_path, _tuning, _options.Values));
        var started = _time.GetTimestamp();
        var core = new StoreCore(log.Recover(_options, _time), _options, _time, _tuning.Successor);
        var state = core.State;
        Log.Opened(_logger, _path, state.Revision, state.Tree.Count, _time.GetElapsedTime(started).TotalMilliseconds);
        using var checkpointer = Checkpointer.Start(_path, _tuning.Fault);
        _log = log;
        _opened.SetResult(core);
        while (Queue.Take(_taken, wait: log.DeadRows == 0 || !_mayDeleteWhenIdle))
        {
            Turn(log, core);
            Checkpoint(log, checkpointer);
            _taken.Clear();
        }
    }

    /// <summary>Nobody waits for a thread that is gone: after a failed start, or one no turn could catch.</summary>
    private void RefuseTheRest()
    {
        Queue.Close();
        while (Queue.Take(_taken, wait: false))
        {
            _taken.ForEach(pending => pending.TrySetException(new ObjectDisposedException(nameof(IStore))));
            _taken.Clear();
        }
    }

    private void Turn(SqliteLog log, StoreCore core)
    {
        try
        {
            if (_taken.Count == 0)
            {
                WithReserve(log.DeleteSome);
                return;
            }

            Write(log, core);
            Compact(log, core);
            _mayDeleteWhenIdle = true;
        }
        catch (Exception exception)
        {
            // Nothing was published, so nobody saw what did not become durable. Old rows are left alone until a
            // write succeeds again: they would only fail in a loop.
            _mayDeleteWhenIdle = false;
            var isAnswered = false;
            foreach (var pending in _taken)
            {
                isAnswered |= pending.TrySetException(exception);
            }

            if (!isAnswered)
            {
                Log.CompactionFailed(_logger, exception);
            }
        }
    }

    private void Write(SqliteLog log, StoreCore core)
    {
        _reserve.Look(() => log.UnusedBytes);
        try
        {
            Commit(log, core, Stage(core));
        }
        catch (StoreException exception) when (exception.Failure == StoreFailure.NoSpace && _reserve.Spend())
        {
            Log.DiskFull(_logger, exception);
            Commit(log, core, Stage(core));
        }

        foreach (var pending in _taken)
        {
            if (pending.CompactTo is null)
            {
                pending.TrySetResult(pending.Result);
            }
        }
    }

    /// <summary>Applies what waits, one on top of the other; on a full disk only what makes room, or takes next to none.</summary>
    private WriteBatch Stage(StoreCore core)
    {
        var batch = core.Begin();
        foreach (var pending in _taken)
        {
            if (pending.CompactTo is not null)
            {
                continue;
            }

            if (pending.CancellationToken.IsCancellationRequested)
            {
                pending.TrySetCanceled(pending.CancellationToken);
            }
            else if (_reserve.IsFull && batch.Grows(pending.Write))
            {
                pending.TrySetException(new StoreException(
                    $"database {_path}: its disk is full; until there is room, only deletes and updates that hardly grow"
                        + " an object are written",
                    failure: StoreFailure.NoSpace));
            }
            else
            {
                pending.Result = batch.Apply(pending.Write);
            }
        }

        return batch;
    }

    private static void Commit(SqliteLog log, StoreCore core, WriteBatch batch)
    {
        if (batch.Events.Count > 0)
        {
            log.Write(batch);
            core.Publish(batch);
        }
    }

    private void Compact(SqliteLog log, StoreCore core)
    {
        var state = core.State;
        var target = core.DueCompaction(_reserve.HistoryBytes) ?? 0;
        foreach (var pending in _taken)
        {
            if (pending is { CompactTo: { } asked, Task.IsCompleted: false })
            {
                target = Math.Max(target, Math.Min(asked, state.Revision));
            }
        }

        if (target > state.Compacted)
        {
            WithReserve(() => log.Compact(state, target));
            core.Compact(target);
        }

        foreach (var pending in _taken)
        {
            pending.TrySetResult(default);
        }
    }

    private void Checkpoint(SqliteLog log, Checkpointer checkpointer)
    {
        try
        {
            var isDue = log.LogFrames >= _reserve.LogFrames;
            if (isDue && (_reserve.IsFull || log.LogFrames >= _reserve.LogFrames * 2))
            {
                // Bounds what the log takes on disk while writes come faster than they are copied.
                checkpointer.Wait();
            }

            if (checkpointer.TakeFinished(out var failure))
            {
                _isCheckpointToFinish = failure is null;
                if (failure is not null)
                {
                    throw failure;
                }
            }

            if (_isCheckpointToFinish || (isDue && _reserve.IsFull))
            {
                _isCheckpointToFinish = !WithReserve(log.Checkpoint);
            }
            else if (isDue)
            {
                checkpointer.Request(log.LogFrames);
            }
        }
        catch (Exception exception)
        {
            // The log only grows; the next turn over the limit asks again, on a full disk with more room.
            if (exception is StoreException { Failure: StoreFailure.NoSpace } && _reserve.Spend())
            {
                Log.DiskFull(_logger, exception);
            }
            else
            {
                Log.CheckpointFailed(_logger, exception);
            }
        }
    }

    private void WithReserve(Action work) => WithReserve(() =>
    {
        work();
        return 0;
    });

    /// <summary>Does what a disk may be too full for, and if it is, again with what the reserve gives back.</summary>
    private T WithReserve<T>(Func<T> work)
    {
        try
        {
            return work();
        }
        catch (StoreException exception) when (exception.Failure == StoreFailure.NoSpace && _reserve.Spend())
        {
            Log.DiskFull(_logger, exception);
            return work();
        }
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Information,
            "Opened {Path} at revision {Revision} with {Entries} entries in {Milliseconds:0} ms")]
        public static partial void Opened(
            ILogger logger, string path, long revision, int entries, double milliseconds);

        [LoggerMessage(LogLevel.Warning, "Compacting the log failed, will retry after the next write")]
        public static partial void CompactionFailed(ILogger logger, Exception exception);

        [LoggerMessage(LogLevel.Warning, "Copying the write-ahead log into the database failed, will retry")]
        public static partial void CheckpointFailed(ILogger logger, Exception exception);

        [LoggerMessage(LogLevel.Error,
            "The disk is full: only deletes and updates that hardly grow an object are written until there is room")]
        public static partial void DiskFull(ILogger logger, Exception exception);
    }
}
