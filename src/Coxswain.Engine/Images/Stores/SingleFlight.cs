using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;

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
            return await flight.Work.WaitAsync(cancellationToken);
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
            if ((isLast || flight.Work.IsCompleted) && _flights.GetValueOrDefault(key) == flight)
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

    [SuppressMessage("Design", "CA1001", Justification = "Without a timer there is nothing to dispose of, and late comers may still look at it.")]
    private sealed class Flight(Func<IProgress<TProgress>, CancellationToken, Task<TResult>> run) : IProgress<TProgress>
    {
        private readonly Lock _start = new();
        private readonly CancellationTokenSource _cancel = new();
        private ImmutableList<IProgress<TProgress>> _observers = [];

        private Task<TResult>? _work;

        /// <summary>Started by the first to ask, outside of the flights' gate.</summary>
        public Task<TResult> Work
        {
            get
            {
                lock (_start)
                {
                    return _work ??= run(this, _cancel.Token);
                }
            }
        }

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
            await Work.ContinueWith(
                static _ => { }, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
            _cancel.Dispose();
        }
    }
}
