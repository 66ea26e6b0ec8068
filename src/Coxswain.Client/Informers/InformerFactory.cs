using System.Threading.Channels;
using Coxswain.Api;
using Coxswain.Api.Meta.V1;
using Microsoft.Extensions.Logging;

namespace Coxswain.Client.Informers;

/// <summary>
/// Hands out informers and runs them. One a process and client: whoever asks for the same resource shares one watch and
/// one cache. Informers may be asked for before and while it runs.
/// </summary>
public sealed class InformerFactory(IKubeClient client, TimeProvider time, Random random, ILoggerFactory loggerFactory) : IDisposable
{
    private readonly Lock _lock = new();
    private readonly Dictionary<(Type Type, string Resource, InformerOptions Options), IInformer> _informers = [];

    // As many as there are informers.
    private readonly Channel<IInformer> _asked = Channel.CreateUnbounded<IInformer>();

    public Informer<T> Of<T>(InformerOptions? options = null)
        where T : class, IKubeObject<T> =>
        Of<T>(ApiResources.Of<T>(), options);

    /// <summary>The metadata of a resource's objects, for those who need no more: far smaller than the objects.</summary>
    public Informer<PartialObjectMetadata> MetadataOf(ApiResource resource, InformerOptions? options = null) =>
        Of<PartialObjectMetadata>(resource, options);

    /// <summary>Runs every informer until cancelled, and returns when all have stopped.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        var running = new List<Task>();
        while (!cancellationToken.IsCancellationRequested)
        {
            try
            {
                running.Add((await _asked.Reader.ReadAsync(cancellationToken)).RunAsync(cancellationToken));
            }
            catch (Exception exception) when (exception is OperationCanceledException or ChannelClosedException)
            {
                break;
            }
        }

        await Task.WhenAll(running);
    }

    /// <summary>Waits until every informer asked for so far holds its first list.</summary>
    public async Task WaitForSyncAsync(CancellationToken cancellationToken)
    {
        IInformer[] informers;
        lock (_lock)
        {
            informers = [.. _informers.Values];
        }

        foreach (var informer in informers)
        {
            await informer.WaitForSyncAsync(cancellationToken);
        }
    }

    /// <summary>Informers that are asked for from now on do not run.</summary>
    public void Dispose() => _asked.Writer.TryComplete();

    private Informer<T> Of<T>(ApiResource resource, InformerOptions? options)
        where T : class, IKubeObject<T>
    {
        var key = (typeof(T), resource.QualifiedName, options ?? InformerOptions.All);
        lock (_lock)
        {
            if (_informers.TryGetValue(key, out var known))
            {
                return (Informer<T>)known;
            }

            var informer = new Informer<T>(client, resource, key.Item3, time, random, loggerFactory.CreateLogger<Informer<T>>());
            _informers.Add(key, informer);
            _asked.Writer.TryWrite(informer);
            return informer;
        }
    }
}
