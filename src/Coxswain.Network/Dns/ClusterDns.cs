using System.Net;
using Coxswain.Api.Core.V1;
using Coxswain.Api.Discovery.V1;
using Coxswain.Client;
using Coxswain.Client.Informers;
using Coxswain.Client.WorkQueues;
using Microsoft.Extensions.Logging;

namespace Coxswain.Network.Dns;

/// <summary>The cluster's DNS server: names of Services and their endpoints from the informers, the rest from the node's own nameservers.</summary>
public sealed partial class ClusterDns : IDisposable
{
    private const string SlicesByService = "network/service";
    private static readonly BackOff Failures = new(TimeSpan.FromMilliseconds(50), TimeSpan.FromSeconds(2));

    private readonly ClusterDnsOptions _options;
    private readonly Informer<Service> _services;
    private readonly Informer<EndpointSlice> _slices;
    private readonly Informer<ConfigMap> _forwardMaps;
    private readonly TimeProvider _time;
    private readonly ILogger<ClusterDns> _logger;
    private readonly DnsResponder _responder;
    private readonly SemaphoreSlim _changed = new(0, 1);
    private readonly TaskCompletionSource<IPEndPoint> _ready = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile ClusterZone _zone;
    private volatile DnsForwards _forwards = DnsForwards.None;
    private uint _serial;

    public ClusterDns(ClusterDnsOptions options, InformerFactory informers, TimeProvider time, ILoggerFactory loggerFactory)
    {
        _options = options;
        _services = informers.Of<Service>();
        _slices = informers.Of<EndpointSlice>();
        _slices.AddIndex(SlicesByService, slice => slice.Metadata.Labels.TryGetValue("kubernetes.io/service-name", out var name)
            ? [new NamespacedName(slice.Metadata.Namespace, name).ToString()]
            : []);
        _forwardMaps = informers.Of<ConfigMap>(new InformerOptions(DnsForwards.Namespace, FieldSelector: $"metadata.name={DnsForwards.Name}"));
        _time = time;
        _logger = loggerFactory.CreateLogger<ClusterDns>();
        _zone = ClusterZoneBuilder.Build(options, [], _ => [], ++_serial);
        _responder = new DnsResponder(options, new DnsForwarder(options, time, () => _forwards), () => _zone);
    }

    /// <summary>Completes with the address listened on when all that the first lists hold is answered for.</summary>
    public Task<IPEndPoint> Ready => _ready.Task;

    /// <summary>Serves until cancelled. There is nothing to clean up afterwards.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        try
        {
            await Task.WhenAll(_services.WaitForSyncAsync(cancellationToken), _slices.WaitForSyncAsync(cancellationToken));
            _services.OnChange((_, _) => Signal());
            _slices.OnChange((_, _) => Signal());

            // Not waited for: without it names are forwarded to the node's own servers.
            _forwardMaps.OnChange((_, now) => Follow(now));
            _zone = Build();
            await Task.WhenAll(FollowAsync(cancellationToken), ListenAsync(cancellationToken));
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
        }
    }

    public void Dispose() => _changed.Dispose();

    private async Task FollowAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            await _changed.WaitAsync(cancellationToken);
            try
            {
                _zone = Build();
            }
            catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
            {
                Log.NotBuilt(_logger, exception);
            }
        }
    }

    private void Follow(ConfigMap? map)
    {
        try
        {
            _forwards = DnsForwards.Parse(map);
        }
        catch (FormatException exception)
        {
            Log.NotUnderstood(_logger, exception.Message);
        }
    }

    private ClusterZone Build() => ClusterZoneBuilder.Build(
        _options, _services.List(), service => _slices.ListBy(SlicesByService, NamespacedName.Of(service).ToString()), ++_serial);

    private async Task ListenAsync(CancellationToken cancellationToken)
    {
        var failures = 0;
        while (true)
        {
            try
            {
                using var server = new DnsServer(_options.Listen, _responder, _time, _logger);
                failures = 0;
                Log.Listening(_logger, server.EndPoint);
                _ready.TrySetResult(server.EndPoint);
                await server.RunAsync(cancellationToken);
                cancellationToken.ThrowIfCancellationRequested();
            }
            catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
            {
                Log.NotListening(_logger, exception, _options.Listen);
                await Task.Delay(Failures.After(failures++), _time, cancellationToken);
            }
        }
    }

    private void Signal()
    {
        lock (_changed)
        {
            if (_changed.CurrentCount == 0)
            {
                _changed.Release();
            }
        }
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Information, "Cluster DNS listens on {Address}")]
        public static partial void Listening(ILogger logger, IPEndPoint address);

        [LoggerMessage(LogLevel.Warning, "Cluster DNS cannot listen on {Address} and will try again")]
        public static partial void NotListening(ILogger logger, Exception exception, IPEndPoint address);

        [LoggerMessage(LogLevel.Warning, "ConfigMap kube-system/kube-dns cannot be understood, and names are forwarded as before: {Reason}")]
        public static partial void NotUnderstood(ILogger logger, string reason);

        [LoggerMessage(LogLevel.Error, "Cluster DNS keeps its earlier names, as new ones could not be made")]
        public static partial void NotBuilt(ILogger logger, Exception exception);
    }
}
