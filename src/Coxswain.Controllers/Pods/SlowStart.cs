namespace Coxswain.Controllers.Pods;

/// <summary>
/// Runs many equal calls in parallel batches that double in size: 1, 2, 4 ... A call that every one of them would fail
/// alike (a quota, a refused template) is then made once and not hundreds of times.
/// </summary>
internal static class SlowStart
{
    private const int MaxBatch = 64;

    /// <param name="call">Given the number of the call, from 0.</param>
    /// <param name="onNotStarted">Told how many calls were left out after a batch with a failure.</param>
    public static async Task RunAsync(int count, Func<int, Task> call, Action<int> onNotStarted)
    {
        var remaining = count;
        var next = 0;
        for (var batch = 1; remaining > 0; batch = Math.Min(batch * 2, MaxBatch))
        {
            var size = Math.Min(batch, remaining);
            remaining -= size;
            var first = next;
            next += size;
            try
            {
                await Task.WhenAll(Enumerable.Range(first, size).Select(call));
            }
            catch
            {
                onNotStarted(remaining);
                throw;
            }
        }
    }
}
