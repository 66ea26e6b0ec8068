using Coxswain.Api.Core.V1;
using Coxswain.Api.Networking.V1;
using Coxswain.Client.Informers;
using Coxswain.Client.WorkQueues;
using Coxswain.Linux.Nftables;
using Coxswain.Network.Signals;
using Microsoft.Extensions.Logging;
using IPAddress = System.Net.IPAddress;

namespace Coxswain.Network.Policies;

/// <summary>
/// Keeps this node's nftables rules as NetworkPolicies want them, in a table of their own. A change is applied at once and as one
/// transaction; what else changes while nft runs goes into the next.
/// </summary>
public sealed partial class PolicyEnforcer : IDisposable
{
    private const string PodsByUid = "network/uid";

    /// <summary>A pod that is made here is known to the node agent already; the cache here is behind by moments.</summary>
    private static readonly TimeSpan AdmissionPatience = TimeSpan.FromSeconds(10);

    private static readonly TimeSpan LookPeriod = TimeSpan.FromMinutes(1);
    private static readonly BackOff Failures = new(TimeSpan.FromMilliseconds(100), TimeSpan.FromSeconds(10));

    private readonly PolicySettings _settings;
    private readonly Informer<NetworkPolicy> _policies;
    private readonly Informer<Pod> _pods;
    private readonly Informer<Namespace> _namespaces;
    private readonly INftables _nftables;
    private readonly TableWatch? _watch;
    private readonly TimeProvider _time;
    private readonly ILogger<PolicyEnforcer> _logger;
    private readonly PolicyScript _script;
    private readonly AdmittedPods _admitted = new();
    private readonly PodArrivals _arrivals = new();
    private readonly ChangeSignal _changes = new();
    private readonly TaskCompletionSource _ready = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private PolicyPlan? _applied;
    private volatile bool _isSuspect;

    /// <param name="watch">Tells when the rules are taken away; null to notice it only when looking.</param>
    public PolicyEnforcer(
        PolicySettings settings, InformerFactory informers, INftables nftables, TableWatch? watch, TimeProvider time, ILoggerFactory loggers)
    {
        _settings = settings;
        _policies = informers.Of<NetworkPolicy>();
        _pods = informers.Of<Pod>();
        _pods.AddIndex(PodsByUid, pod => [pod.Metadata.Uid]);
        _namespaces = informers.Of<Namespace>();
        _nftables = nftables;
        _watch = watch;
        _time = time;
        _logger = loggers.CreateLogger<PolicyEnforcer>();
        _script = new PolicyScript(nftables.TableName, settings);
    }

    /// <summary>Completes when the rules first hold all that the first lists ask for.</summary>
    public Task Ready => _ready.Task;

    /// <summary>Runs until cancelled. The rules stay, so that they hold while this process is restarted.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        try
        {
            await Task.WhenAll(
                _policies.WaitForSyncAsync(cancellationToken), _pods.WaitForSyncAsync(cancellationToken), _namespaces.WaitForSyncAsync(cancellationToken));
            _policies.OnChange((_, _) => _changes.Add());
            _namespaces.OnChange((old, now) => _changes.AddIf(old is null || now is null || !SameLabels(old.Metadata.Labels, now.Metadata.Labels)));
            _pods.OnChange((old, now) =>
            {
                if (now is not null)
                {
                    _arrivals.Saw(now);
                }

                _changes.AddIf(old is null || now is null || IsOther(old, now));
            });
            _changes.Add();
            using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            Task[] loops = [ApplyChangesAsync(stop.Token), LookAsync(stop.Token), WatchAsync(stop.Token)];
            var first = await Task.WhenAny(loops);
            await stop.CancelAsync();
            await Task.WhenAll(loops).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
            await first;
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
        }
    }

    /// <summary>Completes when every change that the informers have delivered until now is in the kernel.</summary>
    public Task WaitUntilAppliedAsync(CancellationToken cancellationToken) => _changes.WaitUntilDoneAsync(cancellationToken);

    /// <summary>
    /// Completes when the rules hold for a pod that has its address and nothing else yet: what is started in it afterwards sends
    /// and gets no packet that they forbid, and reaches what names it as a peer.
    /// </summary>
    /// <exception cref="TimeoutException">The pod is not known here.</exception>
    public async Task AdmitAsync(string podUid, IPAddress address, CancellationToken cancellationToken)
    {
        _admitted.Add(podUid, address.ToString());
        using var patience = new CancellationTokenSource(AdmissionPatience, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, cancellationToken);
        try
        {
            await _arrivals.WaitAsync(podUid, () => _pods.ListBy(PodsByUid, podUid).Count > 0, either.Token);
            _changes.Add();
            await _changes.WaitUntilDoneAsync(either.Token);
        }
        catch (OperationCanceledException exception) when (!cancellationToken.IsCancellationRequested)
        {
            throw new TimeoutException($"network policies for the pod with uid {podUid} are not in force yet", exception);
        }
    }

    /// <summary>The pod's address is free for others.</summary>
    public void Release(string podUid)
    {
        _admitted.Remove(podUid);
        _changes.Add();
    }

    public void Dispose() => _changes.Dispose();

    private async Task WatchAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            await (_watch?.WaitForLossAsync(cancellationToken) ?? Task.Delay(Timeout.InfiniteTimeSpan, _time, cancellationToken));
            Suspect();
        }
    }

    /// <summary>The safety net under <see cref="WatchAsync"/>.</summary>
    private async Task LookAsync(CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(LookPeriod, _time);
        while (await timer.WaitForNextTickAsync(cancellationToken))
        {
            Suspect();
        }
    }

    private void Suspect()
    {
        _isSuspect = true;
        _changes.Add();
    }

    private async Task ApplyChangesAsync(CancellationToken cancellationToken)
    {
        var failures = 0;
        while (true)
        {
            try
            {
                var until = await _changes.TakeAsync(wait: failures == 0, cancellationToken);
                await CheckKernelAsync(cancellationToken);
                await ApplyAsync(cancellationToken);
                _changes.Done(until);
                _ready.TrySetResult();
                failures = 0;
            }
            catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
            {
                _applied = null;
                Log.Failed(_logger, exception, failures + 1);
                await Task.Delay(Failures.After(failures++), _time, cancellationToken);
            }
        }
    }

    private async Task CheckKernelAsync(CancellationToken cancellationToken)
    {
        if (!_isSuspect || _applied is null)
        {
            return;
        }

        _isSuspect = false;
        if (!PolicyListing.IsWhole(await _nftables.ListAsync(cancellationToken, terse: true), _applied))
        {
            Log.Lost(_logger);
            _applied = null;
        }
    }

    private async Task ApplyAsync(CancellationToken cancellationToken)
    {
        var policies = _policies.List();
        var plan = policies.Count > 0 ? PolicyPlanner.Plan(policies, Pods(), Namespaces()) : PolicyPlan.Empty;
        if (_applied is not null && plan.IsSameAs(_applied))
        {
            return;
        }

        await _nftables.ApplyAsync(_applied is null ? _script.Full(plan) : _script.Difference(_applied, plan), cancellationToken);
        _applied = plan;
    }

    private List<PolicyPod> Pods()
    {
        var admitted = _admitted.Snapshot();
        var byAddress = new Dictionary<string, PolicyPod>(StringComparer.Ordinal);

        // Whoever holds an address now has it, whatever the status of an earlier pod still says.
        foreach (var pod in _pods.List().OrderBy(pod => admitted.ContainsKey(pod.Metadata.Uid)))
        {
            var isHere = _settings.NodeName.Length == 0 || pod.Spec.NodeName == _settings.NodeName;
            if (PolicyPod.Of(pod, admitted.GetValueOrDefault(pod.Metadata.Uid), isHere) is { } seen)
            {
                byAddress[seen.Address] = seen;
            }
        }

        if (_settings.DnsAddress is { } dns)
        {
            byAddress[dns.ToString()] = PolicyPod.Dns(dns);
        }

        return [.. byAddress.Values];
    }

    private Dictionary<string, IReadOnlyDictionary<string, string>> Namespaces() =>
        _namespaces.List().ToDictionary(found => found.Metadata.Name, found => found.Metadata.Labels, StringComparer.Ordinal);

    private static bool IsOther(Pod old, Pod now) =>
        old.Metadata.Uid != now.Metadata.Uid
        || old.Status.PodIP != now.Status.PodIP
        || old.Status.Phase != now.Status.Phase
        || !SameLabels(old.Metadata.Labels, now.Metadata.Labels);

    private static bool SameLabels(IReadOnlyDictionary<string, string> left, IReadOnlyDictionary<string, string> right) =>
        left.Count == right.Count && left.All(label => right.TryGetValue(label.Key, out var value) && value == label.Value);

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Warning, "Rules of NetworkPolicies were taken away by somebody else and are made anew")]
        public static partial void Lost(ILogger logger);

        [LoggerMessage(LogLevel.Warning, "NetworkPolicies could not be applied {Failures} times in a row; the rules before hold until they are")]
        public static partial void Failed(ILogger logger, Exception exception, int failures);
    }
}
