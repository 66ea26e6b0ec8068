namespace Coxswain.Testing.Fuzzing;

/// <summary>
/// Ends the process when one input never returns: a thread cannot be stopped, and a test that hangs says nothing.
/// </summary>
internal sealed class HangWatch : IDisposable
{
    private readonly Lock _lock = new();
    private readonly TimeProvider _time;
    private readonly ITimer _timer;
    private string? _seed;
    private long _since;

    public HangWatch(string name, TimeSpan hangsAfter, TimeProvider time)
    {
        _time = time;
        _timer = time.CreateTimer(
            _ =>
            {
                lock (_lock)
                {
                    if (_seed is { } seed && time.GetElapsedTime(_since) > hangsAfter)
                    {
                        Environment.FailFast(
                            $"fuzzing {name}: an input runs for more than {hangsAfter}; replay: {seed}");
                    }
                }
            },
            null, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(1));
    }

    public void Begin(string seed)
    {
        lock (_lock)
        {
            (_seed, _since) = (seed, _time.GetTimestamp());
        }
    }

    public void End()
    {
        lock (_lock)
        {
            _seed = null;
        }
    }

    public void Dispose() => _timer.Dispose();
}
