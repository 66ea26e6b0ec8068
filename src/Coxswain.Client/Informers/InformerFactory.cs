using System.Threading.Channels;
using Coxswain.Api;
using Coxswain.Api.Meta.V1;
using Coxswain.Api.Resources;
using Microsoft.Extensions.Logging;

namespace Coxswain.Client.Informers;

/// <summary>
/// Hands out informers and runs them. One a process and client: whoever asks for the same resource shares one watch and
/// one cache. Informers may be asked for before and while it runs.
/// </summary>
public sealed class InformerFactory(IKubeClient client, TimeProvider time, Random random, ILoggerFactory loggerFactory) : IDisposable
{
    private readonly Lock _lock = new();
    private readonly Dictionary<(Type Type, string Resource, InformerOptions Options), Entry> _informers = [];

    // As many as there are informers.
    private readonly Channel<Entry> _asked = Channel.CreateUnbounded<Entry>();

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
                var asked = await _asked.Reader.ReadAsync(cancellationToken);
                running.RemoveAll(task => task.IsCompletedSuccessfully);
                running.Add(RunAsync(asked, cancellationToken));
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
            informers = [.. _informers.Values.Select(entry => entry.Informer)];
        }

        foreach (var informer in informers)
        {
            await informer.WaitForSyncAsync(cancellationToken);
        }
    }

    /// <summary>
    /// Ends an informer of a resource that is no longer served, for everybody who has it. Who asks for the same again gets
    /// a new one.
    /// </summary>
    public void Stop(IInformer informer)
    {
        lock (_lock)
        {
            foreach (var (key, entry) in _informers)
            {
                if (entry.Informer == informer)
                {
                    _informers.Remove(key);
                    entry.Stop.Cancel();
                    return;
                }
            }
        }
    }

    /// <summary>Informers that are asked for from now on do not run.</summary>
    public void Dispose() => _asked.Writer.TryComplete();

    private static async Task RunAsync(Entry entry, CancellationToken cancellationToken)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(entry.Stop.Token, cancellationToken);
        await entry.Informer.RunAsync(either.Token);
    }

    private Informer<T> Of<T>(ApiResource resource, InformerOptions? options)
        where T : class, IKubeObject<T>
    {
        var key = (typeof(T), resource.QualifiedName, options ?? InformerOptions.All);
        lock (_lock)
        {
            if (_informers.TryGetValue(key, out var known))
            {
                return (Informer<T>)known.Informer;
            }

            var informer = new Informer<T>(client, resource, key.Item3, time, random, loggerFactory.CreateLogger<Informer<T>>());
            var entry = new Entry(informer);
            _informers.Add(key, entry);
            _asked.Writer.TryWrite(entry);
            return informer;
        }
    }

    /// <param name="Informer">Runs until <see cref="Stop"/> is cancelled.</param>
    private sealed record Entry(IInformer Informer)
    {
        public CancellationTokenSource Stop { get; } = new();
    }
}
