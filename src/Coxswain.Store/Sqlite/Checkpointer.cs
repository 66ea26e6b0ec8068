using Microsoft.Extensions.Logging;

namespace Coxswain.Store.Sqlite;

/// <summary>
/// Copies SQLite's write-ahead log into the database on a thread and connection of its own, while the writer goes on
/// appending. What the writer appended meanwhile is little; the writer copies that itself and the log begins anew.
/// </summary>
internal sealed partial class Checkpointer : IDisposable
{
    /// <summary>Pages of 8 KiB in the log, about 32 MB, that make a checkpoint worth its two waits for the disk.</summary>
    public const int DueFrames = 4_096;

    private readonly string _path;
    private readonly ILogger _logger;
    private readonly object _gate = new();
    private readonly Thread _thread;
    private bool _isRequested;
    private bool _isFinished;
    private bool _isStopped;

    private Checkpointer(string path, ILogger logger)
    {
        _path = path;
        _logger = logger;
        _thread = new Thread(Run) { Name = "store checkpoint", IsBackground = true };
    }

    public static Checkpointer Start(string path, ILogger logger)
    {
        var checkpointer = new Checkpointer(path, logger);
        checkpointer._thread.UnsafeStart();
        return checkpointer;
    }

    /// <summary>Asks for a checkpoint unless one is under way.</summary>
    public void Request()
    {
        lock (_gate)
        {
            if (!_isFinished)
            {
                _isRequested = true;
                Monitor.Pulse(_gate);
            }
        }
    }

    /// <summary>Whether a checkpoint ended since the last call.</summary>
    public bool TakeFinished()
    {
        lock (_gate)
        {
            var isFinished = _isFinished;
            _isFinished = false;
            return isFinished;
        }
    }

    public void Dispose()
    {
        lock (_gate)
        {
            _isStopped = true;
            Monitor.Pulse(_gate);
        }

        _thread.Join();
    }

    private void Run()
    {
        while (WaitForRequest())
        {
            try
            {
                // A connection for each: opening one is cheap, and none is left in a state after a failure.
                using var connection = new SqliteConnection(_path);
                connection.CheckpointPassively();
            }
            catch (Exception exception)
            {
                // The log only grows; the next commit over the limit asks again.
                Log.CheckpointFailed(_logger, exception);
            }

            lock (_gate)
            {
                _isRequested = false;
                _isFinished = true;
            }
        }
    }

    private bool WaitForRequest()
    {
        lock (_gate)
        {
            while (!_isRequested && !_isStopped)
            {
                Monitor.Wait(_gate);
            }

            return !_isStopped;
        }
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Warning, "Copying the write-ahead log into the database failed, will retry")]
        public static partial void CheckpointFailed(ILogger logger, Exception exception);
    }
}
