using System.Collections.Immutable;

namespace Coxswain.Engine.Images.Stores;

/// <summary>
/// Does a piece of work once for all who ask for it at the same time. Each may stop waiting; when the last has, the work is
/// cancelled and awaited.
/// </summary>
internal sealed class SingleFlight<TKey, TResult, TProgress>
    where TKey : notnull
{
    private readonly Lock _gate = new();
    private readonly Dictionary<TKey, Flight> _flights = [];

    public async Task<TResult> RunAsync(
        TKey key, IProgress<TProgress>? progress, Func<IProgress<TProgress>, CancellationToken, Task<TResult>> run,
        CancellationToken cancellationToken)
    {
        var flight = Join(key, progress, run);
        try
        {
            return await flight.Work.Value.WaitAsync(cancellationToken);
        }
        finally
        {
            await LeaveAsync(key, flight, progress);
        }
    }

    private Flight Join(
        TKey key, IProgress<TProgress>? progress, Func<IProgress<TProgress>, CancellationToken, Task<TResult>> run)
    {
        lock (_gate)
        {
            if (!_flights.TryGetValue(key, out var flight))
            {
                _flights.Add(key, flight = new Flight(run));
            }

            flight.Waiters++;
            flight.Add(progress);
            return flight;
        }
    }

    private async Task LeaveAsync(TKey key, Flight flight, IProgress<TProgress>? progress)
    {
        lock (_gate)
        {
            flight.Remove(progress);
            var isLast = --flight.Waiters == 0;
            if ((isLast || flight.Work.Value.IsCompleted) && _flights.GetValueOrDefault(key) == flight)
            {
                // Whoever asks from now on asks anew.
                _flights.Remove(key);
            }

            if (!isLast)
            {
                return;
            }
        }

        await flight.EndAsync();
    }

    private sealed class Flight : IProgress<TProgress>
    {
        private readonly CancellationTokenSource _cancel = new();
        private ImmutableList<IProgress<TProgress>> _observers = [];

        /// <summary>Started by the first to wait, outside of the gate.</summary>
        public Lazy<Task<TResult>> Work { get; }

        public Flight(Func<IProgress<TProgress>, CancellationToken, Task<TResult>> run) =>
            Work = new Lazy<Task<TResult>>(() => run(this, _cancel.Token));

        public int Waiters { get; set; }

        public void Add(IProgress<TProgress>? progress) => _observers = progress is null ? _observers : _observers.Add(progress);

        public void Remove(IProgress<TProgress>? progress) =>
            _observers = progress is null ? _observers : _observers.Remove(progress);

        public void Report(TProgress value)
        {
            foreach (var observer in _observers)
            {
                observer.Report(value);
            }
        }

        public async Task EndAsync()
        {
            await _cancel.CancelAsync();
            await Work.Value.ContinueWith(
                static _ => { }, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
            _cancel.Dispose();
        }
    }
}
