using Coxswain.Api;
using Coxswain.Client.Events;
using Coxswain.Client.Informers;
using Coxswain.Testing.Client;
using Coxswain.Testing.Time;
using Microsoft.Extensions.Logging.Abstractions;

namespace Coxswain.Controllers.Tests;

/// <summary>A few controllers over an API server in memory, with a clock that the test moves.</summary>
internal sealed class ClockedControllers : IAsyncDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly InformerFactory _informers;
    private readonly List<Task> _running;

    public ClockedControllers(params Func<ControllerContext, IController>[] controllers)
    {
        Start = Time.GetUtcNow();
        Client = new FakeKubeClient(Time);
        _informers = new InformerFactory(Client, Time, new Random(1), NullLoggerFactory.Instance);
        var events = new EventBroadcaster(Client, Time, NullLogger<EventBroadcaster>.Instance);
        var context = new ControllerContext(Client, _informers, events, Time, NullLoggerFactory.Instance);
        _running = [events.RunAsync(_stop.Token), .. controllers.Select(make => RunAsync(make(context)))];
        _running.Add(_informers.RunAsync(_stop.Token));
    }

    public VirtualTime Time { get; } = new();

    public DateTimeOffset Start { get; }

    public FakeKubeClient Client { get; }

    /// <summary>Waits until a controller is to look again so long after the start: it has then done all it does before.</summary>
    public async Task WaitForCheckAtAsync(double seconds)
    {
        using var timeout = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        await Time.WaitForTimerAsync(Start + TimeSpan.FromSeconds(seconds), timeout.Token);
    }

    public void AdvanceTo(double seconds) => Time.AdvanceTo(Start + TimeSpan.FromSeconds(seconds));

    /// <summary>Waits until the controllers, who subscribed before, have been told of this version of the object.</summary>
    public async Task DeliveredAsync<T>(T obj, InformerOptions? options = null)
        where T : class, IKubeObject<T>
    {
        var delivered = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _informers.Of<T>(options).OnChange((_, current) =>
        {
            if (current?.Metadata.Uid == obj.Metadata.Uid && current.Metadata.ResourceVersion == obj.Metadata.ResourceVersion)
            {
                delivered.TrySetResult();
            }
        });
        using var timeout = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        await delivered.Task.WaitAsync(timeout.Token);
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await Task.WhenAll(_running);
        _informers.Dispose();
        _stop.Dispose();
    }

    private async Task RunAsync(IController controller)
    {
        try
        {
            await controller.RunAsync(_stop.Token);
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            // Stopped while it waited for its caches.
        }
    }
}
