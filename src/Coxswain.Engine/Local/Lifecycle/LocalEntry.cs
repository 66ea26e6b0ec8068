using Coxswain.Engine.Local.Networks;

namespace Coxswain.Engine.Local.Lifecycle;

/// <summary>One local container in memory. All but what is volatile changes under the gate.</summary>
internal sealed class LocalEntry(LocalContainerRecord record) : IDisposable
{
    private volatile LocalContainerRecord _record = record;
    private volatile HealthState? _health;
    private volatile string _error = "";
    private volatile bool _restarting;

    public string Id => _record.Id;

    public LocalContainerRecord Record
    {
        get => _record;
        set => _record = value;
    }

    public HealthState? Health
    {
        get => _health;
        set => _health = value;
    }

    /// <summary>Why the last start failed.</summary>
    public string Error
    {
        get => _error;
        set => _error = value;
    }

    public bool Restarting
    {
        get => _restarting;
        set => _restarting = value;
    }

    /// <summary>It was let run, and its end is not yet dealt with.</summary>
    public bool IsUp { get; set; }

    public bool IsRemoved { get; set; }

    /// <summary>How soon it is started again when it ends; grows with each time.</summary>
    public TimeSpan BackOff { get; set; }

    public SemaphoreSlim Gate { get; } = new(1, 1);

    /// <summary>Ends the health checks, or the waiting for the next start.</summary>
    public CancellationTokenSource? Background { get; set; }

    public Task BackgroundTask { get; set; } = Task.CompletedTask;

    public LocalSandbox? Sandbox { get; set; }

    public void Dispose() => Gate.Dispose();
}
