using Coxswain.Api.Core.V1;
using Coxswain.Api.Discovery.V1;
using Coxswain.Client;
using Coxswain.Client.Informers;
using Coxswain.Client.WorkQueues;
using Coxswain.Linux.Conntrack;
using Coxswain.Linux.Nftables;
using Microsoft.Extensions.Logging;

namespace Coxswain.Network.Proxy;

/// <summary>
/// Keeps this node's nftables rules as Services and EndpointSlices want them. A change is applied at once; what else
/// changes while nft runs goes into the next transaction.
/// </summary>
public sealed partial class ServiceProxy : IDisposable
{
    private const string SlicesByService = "network/service";

    /// <summary>How often the rules are looked for although nobody said that they are gone, and refused ports tried again.</summary>
    private static readonly TimeSpan LookPeriod = TimeSpan.FromMinutes(1);

    private static readonly BackOff Failures = new(TimeSpan.FromMilliseconds(100), TimeSpan.FromSeconds(10));

    private readonly Informer<Service> _services;
    private readonly Informer<EndpointSlice> _slices;
    private readonly Informer<Pod>? _pods;
    private readonly INftables _nftables;
    private readonly TableWatch? _watch;
    private readonly DatagramFlows _flows;
    private readonly LoopbackPorts? _loopbackPorts;
    private readonly TimeProvider _time;
    private readonly ILogger<ServiceProxy> _logger;
    private readonly ServiceProxySettings _options;
    private readonly ServicePlanner _planner;
    private readonly HostPortPlanner _hostPorts;
    private readonly HealthCheckPorts _health;
    private readonly RuleScript _script;
    private readonly ElementLedger _ledger = new();
    private readonly Dictionary<NamespacedName, ServicePlan> _plans = [];
    private readonly PendingServices _pending = new();
    private readonly OfferedPods _offered = new();
    private readonly TaskCompletionSource _ready = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Occurrences _remakes = new();
    private volatile bool _isSuspect;
    private volatile bool _retriesPorts;
    private bool _isKernelKnown;

    /// <param name="watch">Tells when the rules are taken away; null to notice it only when looking.</param>
    /// <param name="conntrack">Where flows of datagrams are forgotten; null for nowhere.</param>
    /// <param name="pods">Those of this node, for their host ports; null to leave these alone.</param>
    public ServiceProxy(
        ServiceProxySettings options, InformerFactory informers, INftables nftables, TableWatch? watch, ConntrackTable? conntrack,
        TimeProvider time, ILoggerFactory loggerFactory, Informer<Pod>? pods = null)
    {
        _options = options;
        _services = informers.Of<Service>();
        _slices = informers.Of<EndpointSlice>();
        _slices.AddIndex(SlicesByService, slice => ServiceOf(slice) is { } service ? [service.ToString()] : []);
        _nftables = nftables;
        _watch = watch;
        _time = time;
        _logger = loggerFactory.CreateLogger<ServiceProxy>();
        _flows = new DatagramFlows(conntrack, _logger);
        _loopbackPorts = options.HoldsLoopbackPorts ? new LoopbackPorts() : null;
        _planner = new ServicePlanner(options);
        _health = new HealthCheckPorts(options.NodePortAddresses, time, _logger);
        _hostPorts = new HostPortPlanner(options, _planner);
        _pods = pods;
        _script = new RuleScript(nftables.TableName, options);
    }

    /// <summary>Completes when the rules first hold all that the first lists of Services and EndpointSlices ask for.</summary>
    public Task Ready => _ready.Task;

    /// <summary>Runs until cancelled. The rules stay, so that Services go on while this process is restarted.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        try
        {
            LoopbackRouting.Allow(_options.BridgeName, _logger);
            await Task.WhenAll(
                _services.WaitForSyncAsync(cancellationToken), _slices.WaitForSyncAsync(cancellationToken),
                _pods?.WaitForSyncAsync(cancellationToken) ?? Task.CompletedTask);
            _services.OnChange((old, now) => _pending.Add(NamespacedName.Of(now ?? old!))); // One of the two is always there.
            _slices.OnChange((old, now) =>
            {
                _pending.Add(old is null ? null : ServiceOf(old));
                _pending.Add(now is null ? null : ServiceOf(now));
                // After it is pending: whoever hears of it waits for that to be in the kernel.
                _offered.Observe(old, now);
            });
            _pods?.OnChange((old, now) => _pending.Add(
                HostPortPlanner.HasAny(old) || HostPortPlanner.HasAny(now) ? HostPortPlanner.KeyOf(now ?? old!) : null)); // One of the two is always there.
            await RunLoopsAsync(cancellationToken);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
        }
    }

    /// <summary>Completes when every change that the informers have delivered until now is in the kernel.</summary>
    public Task WaitUntilAppliedAsync(CancellationToken cancellationToken) => _pending.WaitUntilDoneAsync(cancellationToken);

    /// <summary>
    /// Completes when the kernel sends the Pod no new connection, but where nothing else serves: its endpoints have been withdrawn,
    /// and the rules say so.
    /// </summary>
    /// <param name="uid">The Pod's.</param>
    /// <returns>Whether the Pod still serves those that have been sent to it.</returns>
    public async Task<bool> WaitUntilWithdrawnAsync(string uid, CancellationToken cancellationToken)
    {
        await _offered.WaitUntilWithdrawnAsync(uid, cancellationToken);
        await _pending.WaitUntilDoneAsync(cancellationToken);
        return _offered.Serves(uid);
    }

    /// <summary>Completes when the rules have been made anew so many times after the first.</summary>
    internal Task WaitUntilRemadeAsync(int times, CancellationToken cancellationToken) => _remakes.WaitUntilAsync(times + 1, cancellationToken);

    /// <summary>Removes all chains, sets and maps of the proxy. Call when it no longer runs.</summary>
    public async Task RemoveAsync(CancellationToken cancellationToken)
    {
        var existing = RuleListing.Parse(await _nftables.ListAsync(cancellationToken));
        if (!existing.IsEmpty)
        {
            await _nftables.ApplyAsync(_script.Removal(existing), cancellationToken);
        }
    }

    public void Dispose()
    {
        _pending.Dispose();
        _loopbackPorts?.Dispose();
    }

    /// <summary>None of the loops ends by itself: when one fails, the others are stopped and it is thrown.</summary>
    private async Task RunLoopsAsync(CancellationToken cancellationToken)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        List<Task> loops = [ApplyChangesAsync(stop.Token), LookAsync(stop.Token), _health.RunAsync(stop.Token)];
        if (_watch is not null)
        {
            loops.Add(WatchAsync(_watch, stop.Token));
        }

        var first = await Task.WhenAny(loops);
        await stop.CancelAsync();
        await Task.WhenAll(loops).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
        await first;
    }

    private async Task WatchAsync(TableWatch watch, CancellationToken cancellationToken)
    {
        while (true)
        {
            await watch.WaitForLossAsync(cancellationToken);
            Suspect();
        }
    }

    /// <summary>The safety net under <see cref="WatchAsync"/>, and another try for ports that somebody else had.</summary>
    private async Task LookAsync(CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(LookPeriod, _time);
        while (await timer.WaitForNextTickAsync(cancellationToken))
        {
            _retriesPorts = true;
            Suspect();
        }
    }

    /// <summary>Somebody may have changed the rules: they are looked at.</summary>
    internal void Suspect()
    {
        _isSuspect = true;
        _pending.Wake();
    }

    private async Task ApplyChangesAsync(CancellationToken cancellationToken)
    {
        var failures = 0;
        while (true)
        {
            try
            {
                // After a failure there is something to do although nothing new may have come.
                var batch = await _pending.TakeAsync(wait: _isKernelKnown, cancellationToken);
                // First of all: what is planned is not lost when the kernel cannot be asked, and nobody names these Services again.
                foreach (var service in batch.Services.Union(TakeRefused()))
                {
                    TryReplan(service);
                }

                await CheckKernelAsync(cancellationToken);
                await ApplyAsync(cancellationToken);
                _pending.Done(batch);
                _ready.TrySetResult();
                failures = 0;
            }
            catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
            {
                _isKernelKnown = false;
                Log.Failed(_logger, exception, failures + 1);
                await Task.Delay(Failures.After(failures++), _time, cancellationToken);
            }
        }
    }

    /// <summary>The Services whose ports somebody else had, when it is time for another try.</summary>
    private IReadOnlyCollection<NamespacedName> TakeRefused()
    {
        if (_loopbackPorts is null || !_retriesPorts)
        {
            return [];
        }

        _retriesPorts = false;
        return _loopbackPorts.Refused;
    }

    /// <summary>Whether what we put into the kernel is still there, when there is reason to doubt it.</summary>
    private async Task CheckKernelAsync(CancellationToken cancellationToken)
    {
        if (!_isSuspect || !_isKernelKnown)
        {
            return;
        }

        _isSuspect = false;
        if (!_script.IsWhole(RuleListing.Parse(await _nftables.ListAsync(cancellationToken, terse: true))))
        {
            Log.Lost(_logger);
            _isKernelKnown = false;
        }
    }

    /// <summary>One Service that cannot be planned keeps its rules and does not hold up the others.</summary>
    private void TryReplan(NamespacedName name)
    {
        try
        {
            Replan(name);
        }
        catch (Exception exception)
        {
            Log.NotPlanned(_logger, exception, name);
        }
    }

    private void Replan(NamespacedName name)
    {
        var before = _plans.GetValueOrDefault(name, ServicePlan.Empty);
        var after = HostPortPlanner.PodOf(name) is { } pod ? PlanPod(name, _pods?.Get(pod)) : PlanService(name, before);
        _ledger.Replace(name, before.Elements, after.Elements);
        if (after.Elements.Count == 0)
        {
            _plans.Remove(name);
        }
        else
        {
            _plans[name] = after;
        }
    }

    private ServicePlan PlanService(NamespacedName name, ServicePlan before)
    {
        var service = _services.Get(name);
        var onLoopback = HoldLoopback(name, service is null ? [] : [.. ServicePlanner.NodePorts(service)]);
        if (service is not null && _planner.Refused(service) is { Count: > 0 } refused)
        {
            Log.AddressRefused(_logger, name, string.Join(", ", refused));
        }

        var (healthPort, endpoints) = service is null ? (0, 0) : _planner.Health(service, _slices.ListBy(SlicesByService, name.ToString()));
        _health.Replace(name, healthPort, endpoints);
        return service is not null
            ? _planner.Plan(service, _slices.ListBy(SlicesByService, name.ToString()), before, onLoopback)
            : ServicePlan.Empty;
    }

    private ServicePlan PlanPod(NamespacedName key, Pod? pod)
    {
        var onLoopback = HoldLoopback(key, pod is null ? [] : [.. HostPortPlanner.OnLoopback(pod)]);
        return pod is not null ? _hostPorts.Plan(pod, onLoopback) : ServicePlan.Empty;
    }

    /// <summary>Those of the ports that may be served on 127.0.0.1; null for all.</summary>
    private IReadOnlySet<(string Protocol, int Port)>? HoldLoopback(NamespacedName name, IReadOnlyList<(string Protocol, int Port)> wanted)
    {
        var held = _loopbackPorts?.Replace(name, wanted);
        if (held is not null && held.Count < wanted.Count)
        {
            Log.PortTaken(_logger, name, string.Join(", ", wanted.Where(port => !held.Contains(port)).Select(port => port.Port)));
        }

        return held;
    }

    private async Task ApplyAsync(CancellationToken cancellationToken)
    {
        if (!_isKernelKnown)
        {
            var existing = RuleListing.Parse(await _nftables.ListAsync(cancellationToken));
            _script.Forget();
            _ledger.Forget();
            var everything = _ledger.Everything();
            await _nftables.ApplyAsync(_script.Full(existing, everything), cancellationToken);
            _ledger.Commit(everything);
            _isKernelKnown = true;
            _remakes.Add();
            _flows.Forget(DatagramFlows.FrontsOf(everything), _ledger.EndpointsOf);
            Log.Rendered(_logger, _plans.Count, everything.Added.Count);
            return;
        }

        var changes = _ledger.Changes();
        if (changes.IsEmpty)
        {
            return;
        }

        var started = _time.GetTimestamp();
        await _nftables.ApplyAsync(_script.Difference(changes), cancellationToken);
        _ledger.Commit(changes);
        _flows.Forget(DatagramFlows.FrontsOf(changes), _ledger.EndpointsOf);
        if (changes.RemovesAffinityEndpoints)
        {
            await ForgetClientsAsync(changes, cancellationToken);
        }

        Log.Changed(_logger, changes.Removed.Count, changes.Added.Count, _time.GetElapsedTime(started).TotalMilliseconds);
    }

    /// <summary>
    /// Frees clients of endpoints that are gone. After the change, because until then packets may still bind clients to
    /// them; not in its transaction, because only a listing tells who is bound.
    /// </summary>
    private async Task ForgetClientsAsync(RuleChanges changes, CancellationToken cancellationToken)
    {
        var gone = changes.Removed.Where(element => element.Set == RuleNames.AffinityEndpoints).Select(element => element.Key).ToHashSet();
        var listing = RuleListing.Parse(await _nftables.ListAsync(cancellationToken));
        var bound = listing.Affinities.Where(affinity => gone.Contains(AffinityEndpoint(affinity))).ToList();
        if (bound.Count > 0)
        {
            await _nftables.ApplyAsync(_script.Forgetting(bound), cancellationToken);
        }
    }

    /// <summary>The element of <see cref="RuleNames.AffinityEndpoints"/> that lets a client be bound like this.</summary>
    private static string AffinityEndpoint(RuleElement affinity)
    {
        const string separator = " . ";
        var front = affinity.Key[(affinity.Key.IndexOf(separator, StringComparison.Ordinal) + separator.Length)..];
        return front + separator + affinity.Value;
    }

    private static NamespacedName? ServiceOf(EndpointSlice slice) =>
        slice.Metadata.Labels.TryGetValue("kubernetes.io/service-name", out var name)
            ? new NamespacedName(slice.Metadata.Namespace, name)
            : null;

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Information, "Rules of {Services} Services applied ({Elements} elements)")]
        public static partial void Rendered(ILogger logger, int services, int elements);

        [LoggerMessage(LogLevel.Warning, "Rules of Services were taken away by somebody else and are made anew")]
        public static partial void Lost(ILogger logger);

        [LoggerMessage(LogLevel.Warning, "{Service} is not served on 127.0.0.1 at port {Ports}, which another program or cluster has")]
        public static partial void PortTaken(ILogger logger, NamespacedName service, string ports);

        [LoggerMessage(
            LogLevel.Warning, "Service {Service} is not served at {Addresses}: addresses of the node, of Services and special ones cannot be external")]
        public static partial void AddressRefused(ILogger logger, NamespacedName service, string addresses);

        [LoggerMessage(LogLevel.Debug, "Rules changed: {Removed} elements out, {Added} in, {Milliseconds} ms")]
        public static partial void Changed(ILogger logger, int removed, int added, double milliseconds);

        [LoggerMessage(LogLevel.Error, "Service {Service} keeps its earlier rules, as new ones could not be planned")]
        public static partial void NotPlanned(ILogger logger, Exception exception, NamespacedName service);

        [LoggerMessage(LogLevel.Warning, "Rules of Services could not be applied {Failures} times in a row and will be made anew")]
        public static partial void Failed(ILogger logger, Exception exception, int failures);
    }
}
