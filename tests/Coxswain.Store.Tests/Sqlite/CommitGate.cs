namespace Coxswain.Store.Tests.Sqlite;

/// <summary>Stops a store's writer before a commit until a test lets it through, and all later ones at once.</summary>
internal sealed class CommitGate : IDisposable
{
    private readonly TaskCompletionSource _reached = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly ManualResetEventSlim _open = new();

    public Task Reached => _reached.Task;

    public int Pass(string sql)
    {
        if (sql == "COMMIT")
        {
            _reached.TrySetResult();
            _open.Wait();
        }

        return 0;
    }

    public void Open() => _open.Set();

    /// <summary>The event itself stays: the writer may still ask.</summary>
    public void Dispose() => _open.Set();
}
