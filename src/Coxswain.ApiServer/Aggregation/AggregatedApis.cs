using Coxswain.Api.Json;
using Coxswain.ApiServer.Certificates;
using Coxswain.ApiServer.Documents;
using Coxswain.ApiServer.Following;
using Coxswain.ApiServer.Resources;
using Coxswain.ApiServer.Webhooks;
using Coxswain.Store;
using Microsoft.Extensions.Logging;

namespace Coxswain.ApiServer.Aggregation;

/// <summary>
/// Follows the stored APIServices: asks each of the servers behind them, again and again, whether it answers and with what,
/// writes that into its condition and into discovery. A server that does not answer holds up nobody else.
/// </summary>
internal sealed partial class AggregatedApis(
    IStore store, CatalogueHolder catalogue, ServiceDialer dialer, RenewingCertificate certificate, ApiServiceProbe probe,
    ApiServiceWriter writer, TimeProvider time, ILogger<AggregatedApis> logger)
{
    private static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(1);

    /// <summary>A server says nothing by itself, so it is asked: seldom while it answers, soon again while it does not.</summary>
    private static readonly TimeSpan ProbePeriod = TimeSpan.FromSeconds(30);

    private readonly Dictionary<string, Probing> _probing = new(StringComparer.Ordinal);
    private volatile Dictionary<(string Group, string Version), AggregatedService> _services = [];

    /// <summary>Who serves a group-version; null when this server does, or nobody.</summary>
    public AggregatedService? Find(string apiGroup, string version) => _services.GetValueOrDefault((apiGroup, version));

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        try
        {
            await new EntryFollower(store, ApiServiceWriter.Prefix, time, logger).RunAsync(FillAsync, ApplyAsync, cancellationToken);
        }
        finally
        {
            foreach (var name in _probing.Keys.ToList())
            {
                await StopAsync(name);
            }
        }
    }

    private async ValueTask FillAsync(IReadOnlyList<StoreEntry> entries, CancellationToken cancellationToken)
    {
        var known = entries.Select(entry => entry.Key[ApiServiceWriter.Prefix.Length..]).ToHashSet(StringComparer.Ordinal);
        foreach (var name in _probing.Keys.Where(name => !known.Contains(name)).ToList())
        {
            await StopAsync(name);
        }

        foreach (var entry in entries)
        {
            await ApplyAsync(entry.Key, entry, cancellationToken);
        }
    }

    private async ValueTask ApplyAsync(IReadOnlyList<StoreEvent> events, CancellationToken cancellationToken)
    {
        foreach (var change in events)
        {
            await ApplyAsync(change.Key, change.Entry, cancellationToken);
        }
    }

    private async ValueTask ApplyAsync(string key, StoreEntry? entry, CancellationToken cancellationToken)
    {
        var name = key[ApiServiceWriter.Prefix.Length..];
        var spec = entry is null ? null : Document.Decode(entry.Value).ObjectOrNew("spec");
        if (_probing.TryGetValue(name, out var before))
        {
            if (spec is not null && before.Service?.Identity == spec.ToJsonString())
            {
                return;
            }

            await StopAsync(name);
        }

        if (spec is null)
        {
            return;
        }

        if (spec.Object("service") is null)
        {
            await writer.SayAsync(name, new ProbeResult(true, "Local", "Local APIServices are always available", null), cancellationToken);
            return;
        }

        var service = new AggregatedService(name, spec, dialer, certificate);
        var stopping = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        _probing[name] = new Probing(service, stopping, ProbeAsync(service, stopping.Token));
        Publish();
    }

    private async Task ProbeAsync(AggregatedService service, CancellationToken cancellationToken)
    {
        var wait = RetryAfter;
        while (!cancellationToken.IsCancellationRequested)
        {
            try
            {
                var result = await probe.AskAsync(service, cancellationToken);
                var before = service.Said;
                var said = result.Resources is { } resources
                    ? before with { Resources = resources, IsStale = false } : before with { IsStale = true };
                if (said.IsStale != before.IsStale || !said.Resources.Select(resource => resource.Plural).SequenceEqual(before.Resources.Select(resource => resource.Plural)))
                {
                    service.Said = said;
                    Publish();
                }

                await writer.SayAsync(service.Name, result, cancellationToken);
                wait = result.IsAvailable ? ProbePeriod : wait < ProbePeriod / 2 ? wait * 1.5 : ProbePeriod / 2;
                await Task.Delay(wait, time, cancellationToken);
                wait = result.IsAvailable ? RetryAfter : wait;
            }
            catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
            {
                Log.ProbingFailed(logger, exception, service.Name);
                await Task.Delay(ProbePeriod, time, cancellationToken);
            }
            catch (Exception exception) when (exception is OperationCanceledException or ObjectDisposedException)
            {
                return;
            }
        }
    }

    private async ValueTask StopAsync(string name)
    {
        if (_probing.Remove(name, out var probing))
        {
            await probing.Stopping.CancelAsync();
            try
            {
                await probing.Running;
            }
            catch (OperationCanceledException)
            {
            }

            // Requests may still be under way, so the client is left to them.
            probing.Stopping.Dispose();
            Publish();
        }
    }

    /// <summary>What is served here is never given away: an APIService for it is kept, and says nothing.</summary>
    private void Publish()
    {
        var served = catalogue.Current.All.Select(resource => (resource.Resource.Group, resource.Resource.Version)).ToHashSet();
        var services = new Dictionary<(string, string), AggregatedService>();
        foreach (var probing in _probing.Values.ToList())
        {
            var place = (probing.Service!.Said.Group, probing.Service.Said.Version); // those that are probed are there
            if (!served.Contains(place))
            {
                services[place] = probing.Service;
            }
        }

        _services = services;
        catalogue.Change(before => before.WithRemote([.. services.Values.Select(service => service.Said)]));
    }

    private sealed record Probing(AggregatedService? Service, CancellationTokenSource Stopping, Task Running);

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Warning, "The state of APIService {Name} was not written")]
        public static partial void ProbingFailed(ILogger logger, Exception exception, string name);
    }
}
