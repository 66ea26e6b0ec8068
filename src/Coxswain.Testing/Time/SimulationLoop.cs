using System.Diagnostics;

namespace Coxswain.Testing.Time;

/// <summary>
/// Runs parts of a cluster one after another on the thread of the test, under a <see cref="VirtualTime"/>: the same test
/// takes the same course each time. Nothing happens but within a call of it, and when one returns all parts are at rest.
/// </summary>
/// <remarks>
/// What is started here must go on here: it awaits without <c>ConfigureAwait(false)</c> and leaves nothing to the thread
/// pool; the next call throws when something did. Only <see cref="RunToEnd"/> waits for other threads.
/// </remarks>
public sealed class SimulationLoop(VirtualTime time) : SynchronizationContext
{
    /// <summary>More steps than this without coming to rest, and the parts keep each other busy for ever.</summary>
    private const int MaxSteps = 2_000_000;

    /// <summary>By the real clock: a test that ends nothing else would end must say so.</summary>
    private static readonly TimeSpan OutsidePatience = TimeSpan.FromSeconds(30);

    private readonly object _lock = new();
    private int _thread = Environment.CurrentManagedThreadId;
    private string? _trespass;
    private bool _ends;
    private readonly Queue<(SendOrPostCallback Callback, object? State)> _steps = new();

    public VirtualTime Time => time;

    public override void Post(SendOrPostCallback d, object? state)
    {
        lock (_lock)
        {
            if (Environment.CurrentManagedThreadId != _thread && !_ends)
            {
                _trespass ??= Environment.StackTrace;
            }

            _steps.Enqueue((d, state));
            Monitor.Pulse(_lock);
        }
    }

    public override void Send(SendOrPostCallback d, object? state) => d(state);

    public override SynchronizationContext CreateCopy() => this;

    /// <summary>Starts something that goes on with every later call.</summary>
    public Task Start(Func<Task> part) => Within(part);

    /// <summary>Goes on until nothing is left to do at this instant.</summary>
    public void Settle() => Within(TakeSteps);

    /// <summary>Lets time pass, with everything that falls due on the way.</summary>
    public void Advance(TimeSpan by) => AdvanceTo(time.GetUtcNow() + by);

    /// <inheritdoc cref="Advance"/>
    public void AdvanceTo(DateTimeOffset until)
    {
        while (AdvanceOnce(until))
        {
        }

        time.AdvanceTo(until);
    }

    /// <summary>Lets time pass until the next timer, and everything that follows from it be done.</summary>
    /// <returns>False when no timer is due by <paramref name="end"/>.</returns>
    public bool AdvanceOnce(DateTimeOffset end)
    {
        Settle();
        if (time.NextDue is not { } due || due > end)
        {
            return false;
        }

        Within(() => time.AdvanceTo(due));
        Settle();
        return true;
    }

    /// <summary>Runs a call and returns when it is done and all is at rest; time passes if that is what it waits for.</summary>
    /// <returns>The task of the call, completed.</returns>
    /// <exception cref="TimeoutException">It is not done after <paramref name="patience"/> of virtual time.</exception>
    public Task<T> Run<T>(Func<Task<T>> call, TimeSpan patience)
    {
        var end = time.GetUtcNow() + patience;
        var task = Within(call);
        Settle();
        while (!task.IsCompleted)
        {
            if (!AdvanceOnce(end))
            {
                throw new TimeoutException($"a call was not answered within {patience} of virtual time");
            }
        }

        return task;
    }

    /// <summary>
    /// Runs what also needs other threads to its end, while time stands still: the end of parts, whose cancellation takes its own ways.
    /// </summary>
    /// <returns>The task of the call, completed.</returns>
    public Task RunToEnd(Func<Task> last)
    {
        _ends = true;
        try
        {
            return WaitForEnd(last);
        }
        finally
        {
            _ends = false;
        }
    }

    private Task WaitForEnd(Func<Task> last)
    {
        var task = Within(last);
        _ = task.ContinueWith(
            _ => Post(static _ => { }, null), CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        var started = TimeProvider.System.GetTimestamp();
        while (!task.IsCompleted)
        {
            Settle();
            lock (_lock)
            {
                if (_steps.Count == 0 && !task.IsCompleted)
                {
                    Monitor.Wait(_lock, OutsidePatience);
                }
            }

            if (!task.IsCompleted && TimeProvider.System.GetElapsedTime(started) > OutsidePatience)
            {
                throw new TimeoutException($"the end of a simulation did not come within {OutsidePatience}");
            }
        }

        return task;
    }

    private void TakeSteps()
    {
        for (var steps = 0; ; steps++)
        {
            (SendOrPostCallback Callback, object? State) step;
            lock (_lock)
            {
                if (_trespass is not null)
                {
                    throw new InvalidOperationException($"a part went on outside the simulation: {_trespass}");
                }

                if (!_steps.TryDequeue(out step))
                {
                    return;
                }
            }

            if (steps == MaxSteps)
            {
                throw new UnreachableException($"the simulation does not come to rest at {time.GetUtcNow():O}");
            }

            step.Callback(step.State);
        }
    }

    private void Within(Action action) => Within(() =>
    {
        action();
        return true;
    });

    private T Within<T>(Func<T> action)
    {
        var outer = Current;
        SetSynchronizationContext(this);
        _thread = Environment.CurrentManagedThreadId;
        try
        {
            return action();
        }
        finally
        {
            SetSynchronizationContext(outer);
        }
    }
}
