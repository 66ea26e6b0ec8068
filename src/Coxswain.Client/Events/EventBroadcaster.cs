using System.Threading.Channels;
using Coxswain.Api.Core.V1;
using Coxswain.Api.Errors;
using Coxswain.Api.Meta.V1;
using Microsoft.Extensions.Logging;

namespace Coxswain.Client.Events;

/// <summary>
/// Writes what components record as core/v1 Events: repeated ones raise the count of the first, very similar ones are
/// combined, and an object that has too much to say is not heard. One a process; components get an
/// <see cref="EventRecorder"/> each.
/// </summary>
public sealed partial class EventBroadcaster(IKubeClient client, TimeProvider time, ILogger<EventBroadcaster> logger)
{
    /// <summary>Beyond this many waiting events new ones are dropped: an event is a courtesy and must not hold up work.</summary>
    private const int MaxWaiting = 2000;

    private readonly Channel<Event> _waiting = Channel.CreateBounded<Event>(
        new BoundedChannelOptions(MaxWaiting) { FullMode = BoundedChannelFullMode.DropWrite, SingleReader = true });

    private readonly EventCorrelator _correlator = new(time);
    private long _lastName;

    /// <param name="component">What <c>kubectl describe</c> shows under From.</param>
    /// <param name="host">The node, for components that run on one.</param>
    public EventRecorder RecorderFor(string component, string host = "") => new(this, component, host, time);

    /// <summary>Writes events until cancelled.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        try
        {
            while (await _waiting.Reader.WaitToReadAsync(cancellationToken))
            {
                while (_waiting.Reader.TryRead(out var recorded))
                {
                    await TryWriteAsync(recorded, cancellationToken);
                }
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
        }
    }

    internal void Post(Event recorded) => _waiting.Writer.TryWrite(recorded);

    private async Task TryWriteAsync(Event recorded, CancellationToken cancellationToken)
    {
        var regarding = recorded.InvolvedObject;
        try
        {
            await WriteAsync(recorded, cancellationToken);
        }
        catch (KubeStatusException exception)
        {
            // As in Kubernetes: refused is refused, most often because the namespace is on its way out.
            Log.Refused(logger, recorded.Reason, regarding.Namespace, regarding.Name, exception.Message);
        }
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
        {
            Log.Failed(logger, exception, recorded.Reason, regarding.Namespace, regarding.Name);
        }
    }

    private async Task WriteAsync(Event recorded, CancellationToken cancellationToken)
    {
        if (_correlator.Correlate(recorded) is not { } correlated)
        {
            return;
        }

        if (correlated.Count > 1 && correlated.Metadata.Name.Length > 0)
        {
            try
            {
                _correlator.Written(await client.UpdateAsync(correlated, cancellationToken));
                return;
            }
            catch (KubeStatusException exception) when (exception.IsNotFound)
            {
                // Events are short-lived: write it anew.
            }
        }

        var named = correlated with
        {
            Metadata = ObjectMeta.Empty with { Name = UniqueName(correlated.InvolvedObject.Name), Namespace = correlated.Metadata.Namespace },
        };
        _correlator.Written(await client.CreateAsync(named, cancellationToken));
    }

    /// <summary>As in Kubernetes: the object's name and the time in hexadecimal, here never the same twice.</summary>
    private string UniqueName(string objectName)
    {
        _lastName = Math.Max(_lastName + 1, (time.GetUtcNow() - DateTimeOffset.UnixEpoch).Ticks * 100);
        return $"{objectName}.{_lastName:x}";
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Debug, "Event {Reason} of {Namespace}/{Name} was refused: {Message}")]
        public static partial void Refused(ILogger logger, string reason, string @namespace, string name, string message);

        [LoggerMessage(LogLevel.Warning, "Event {Reason} of {Namespace}/{Name} could not be written")]
        public static partial void Failed(ILogger logger, Exception exception, string reason, string @namespace, string name);
    }
}
