using System.Collections.Immutable;
using Microsoft.Extensions.Logging;

namespace Coxswain.Engine.Images.Events;

/// <summary>The observers of one store. Changes that other processes make are not told: the server makes them all while it runs.</summary>
internal sealed partial class ImageEvents(TimeProvider time, ILogger logger) : IImageEvents
{
    private ImmutableList<Action<ImageChange>> _observers = [];

    public IDisposable Subscribe(Action<ImageChange> observer)
    {
        ImmutableInterlocked.Update(ref _observers, observers => observers.Add(observer));
        return new Subscription(() => ImmutableInterlocked.Update(ref _observers, observers => observers.Remove(observer)));
    }

    public void Publish(ImageChangeKind kind, string name, Digest image)
    {
        var change = new ImageChange(kind, name, image, time.GetUtcNow());
        foreach (var observer in _observers)
        {
            try
            {
                observer(change);
            }
            catch (Exception exception)
            {
                // The change is made: whoever could not hear of it must not make it look failed.
                Log.ObserverFailed(logger, exception, kind, name);
            }
        }
    }

    private sealed class Subscription(Action end) : IDisposable
    {
        public void Dispose() => end();
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Error, "An observer failed on {Kind} of image {Image}")]
        public static partial void ObserverFailed(ILogger logger, Exception exception, ImageChangeKind kind, string image);
    }
}
