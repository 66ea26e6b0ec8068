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
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly TaskCompletionSource<StoreCore> _opened = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _stopped = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly List<PendingWrite> _taken = [];
    private bool _mayDeleteWhenIdle = true;

    public SqliteWriter(string path, StoreOptions options, TimeProvider time, ILogger logger)
    {
        _path = path;
        _options = options;
        _time = time;
        _logger = logger;
    }

    public WriteQueue Queue { get; } = new();

    public Task Stopped => _stopped.Task;

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
            var directory = Path.GetDirectoryName(Path.GetFullPath(_path))!;
            Directory.CreateDirectory(directory);
            using var storeLock = StoreLock.Take(_path);
            using var log = SqliteLog.Open(_path);
            var started = _time.GetTimestamp();
            var core = new StoreCore(log.Recover(_time), _options, _time);
            var state = core.State;
            Log.Opened(_logger, _path, state.Revision, state.Tree.Count, _time.GetElapsedTime(started).TotalMilliseconds);
            using var checkpointer = Checkpointer.Start(_path, _logger);
            _opened.SetResult(core);
            while (Queue.Take(_taken, wait: log.DeadRows == 0 || !_mayDeleteWhenIdle))
            {
                Turn(log, core);
                Checkpoint(log, checkpointer);
                _taken.Clear();
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
                log.DeleteSome();
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
        var batch = core.Begin();
        foreach (var pending in _taken)
        {
            if (pending.CancellationToken.IsCancellationRequested)
            {
                pending.TrySetCanceled(pending.CancellationToken);
            }
            else if (pending.CompactTo is null)
            {
                pending.Result = batch.Apply(pending.Write);
            }
        }

        if (batch.Events.Count > 0)
        {
            log.Write(batch);
            core.Publish(batch);
        }

        foreach (var pending in _taken)
        {
            if (pending.CompactTo is null)
            {
                pending.TrySetResult(pending.Result);
            }
        }
    }

    private void Compact(SqliteLog log, StoreCore core)
    {
        var state = core.State;
        var target = core.DueCompaction() ?? 0;
        foreach (var pending in _taken)
        {
            if (pending is { CompactTo: { } asked, Task.IsCompleted: false })
            {
                target = Math.Max(target, Math.Min(asked, state.Revision));
            }
        }

        if (target > state.Compacted)
        {
            log.Compact(state, target);
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
            if (checkpointer.TakeFinished())
            {
                log.Checkpoint();
            }
            else if (log.LogFrames >= Checkpointer.DueFrames)
            {
                checkpointer.Request();
            }
        }
        catch (Exception exception)
        {
            Log.CheckpointFailed(_logger, exception);
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

        [LoggerMessage(LogLevel.Warning, "Finishing a checkpoint of the write-ahead log failed, will retry")]
        public static partial void CheckpointFailed(ILogger logger, Exception exception);
    }
}
