namespace Coxswain.Controllers.Apps;

/// <summary>
/// Runs many equal calls in parallel batches that double in size: 1, 2, 4 ... A call that every one of them would fail
/// alike (a quota, a refused template) is then made once and not hundreds of times.
/// </summary>
internal static class SlowStart
{
    private const int MaxBatch = 64;

    /// <param name="onNotStarted">Told how many calls were left out after a batch with a failure.</param>
    public static async Task RunAsync(int count, Func<Task> call, Action<int> onNotStarted)
    {
        var remaining = count;
        for (var batch = 1; remaining > 0; batch = Math.Min(batch * 2, MaxBatch))
        {
            var size = Math.Min(batch, remaining);
            remaining -= size;
            try
            {
                await Task.WhenAll(Enumerable.Range(0, size).Select(_ => call()));
            }
            catch
            {
                onNotStarted(remaining);
                throw;
            }
        }
    }
}
