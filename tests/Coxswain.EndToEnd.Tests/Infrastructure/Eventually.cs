using System.Diagnostics;

namespace Coxswain.EndToEnd.Tests.Infrastructure;

/// <summary>Waits for what the outside world gives no event for, such as the answer of a command.</summary>
public static class Eventually
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(100);

    /// <summary>Reads until the condition holds and returns what was read; fails with the last reading.</summary>
    public static async Task<T> BecomesAsync<T>(Func<Task<T>> read, Func<T, bool> condition, string what, int seconds = 60)
    {
        var clock = Stopwatch.StartNew();
        while (true)
        {
            var value = await read();
            if (condition(value))
            {
                return value;
            }

            Assert.True(clock.Elapsed < TimeSpan.FromSeconds(seconds), $"{what} did not happen within {seconds} s; last seen:\n{value}");
            await Task.Delay(Interval);
        }
    }
}
