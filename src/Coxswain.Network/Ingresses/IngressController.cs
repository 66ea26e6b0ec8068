using Coxswain.Api.Core.V1;
using Coxswain.Api.Discovery.V1;
using Coxswain.Api.Networking.V1;
using Coxswain.Client;
using Coxswain.Client.Events;
using Coxswain.Client.Informers;
using Coxswain.Client.WorkQueues;
using Coxswain.Network.Proxy;
using Coxswain.Network.Signals;
using Microsoft.Extensions.Logging;

namespace Coxswain.Network.Ingresses;

/// <summary>
/// Has nginx serve what Ingresses say, once there is an IngressClass for it. What nginx refuses is taken out of the one Ingress
/// that wanted it, and the others go on.
/// </summary>
public sealed partial class IngressController : IIngressObjects, IDisposable
{
    private const string SlicesByService = "network/service";

    /// <summary>Each change of endpoints makes new workers: no more often than this.</summary>
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(250);

    private static readonly BackOff Failures = new(TimeSpan.FromMilliseconds(200), TimeSpan.FromSeconds(10));

    private readonly IngressSettings _settings;
    private readonly NginxSettings _nginx;
    private readonly InformerFactory _informers;
    private readonly Informer<IngressClass> _classes;
    private readonly IngressReports _reports;
    private readonly TimeProvider _time;
    private readonly ILogger<IngressController> _logger;
    private readonly ChangeSignal _changes = new();
    private readonly OfferedPods _offered = new();
    private readonly string _defaultCertificate;

    /// <summary>What nginx refused, by the Ingress it was of, as it was then.</summary>
    private readonly Dictionary<string, (string Version, string Reason)> _refused = new(StringComparer.Ordinal);

    private Informer<Ingress>? _ingresses;
    private Informer<Service>? _services;
    private Informer<EndpointSlice>? _slices;
    private Informer<Secret>? _secrets;
    private string _taken = "";
    private HashSet<string> _takenVersions = new(StringComparer.Ordinal);
    private volatile bool _isNew;
    private volatile bool _isFollowing;

    public IngressController(
        IngressSettings settings, IKubeClient client, InformerFactory informers, EventBroadcaster events, TimeProvider time, ILoggerFactory loggers)
    {
        _settings = settings;
        _nginx = new NginxSettings { Folder = IngressSettings.PodFolder, Resolver = settings.Resolver };
        _informers = informers;
        _classes = informers.Of<IngressClass>();
        _reports = new IngressReports(settings.Address.ToString(), client, events.RecorderFor("nginx-ingress-controller"));
        _time = time;
        _logger = loggers.CreateLogger<IngressController>();
        _defaultCertificate = DefaultCertificate.Make(time);
    }

    /// <summary>Runs until cancelled. nginx goes on with what it has.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        try
        {
            await _classes.WaitForSyncAsync(cancellationToken);
            _classes.OnChange((_, _) => _changes.Add());
            while (!new IngressSelection(_classes.List()).IsAny)
            {
                await _changes.TakeAsync(wait: true, cancellationToken);
            }

            await WatchObjectsAsync(cancellationToken);
            using var mailbox = new NginxMailbox(_settings.Folder, _time, () =>
            {
                _isNew = true;
                _changes.Add();
            });
            _changes.Add();
            _isFollowing = true;
            await FollowAsync(mailbox, cancellationToken);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
        }
    }

    /// <summary>
    /// Completes when nothing offers the Pod for new connections any more and nginx has heard of it. At once while nobody wants
    /// Ingresses served.
    /// </summary>
    public async Task WaitUntilWithdrawnAsync(string podUid, CancellationToken cancellationToken)
    {
        if (_isFollowing)
        {
            await _offered.WaitUntilWithdrawnAsync(podUid, cancellationToken);
            await _changes.WaitUntilDoneAsync(cancellationToken);
        }
    }

    public void Dispose() => _changes.Dispose();

    Service? IIngressObjects.Service(string @namespace, string name) => _services!.Get(@namespace, name); // Asked only once there are caches.

    IReadOnlyList<EndpointSlice> IIngressObjects.Slices(string @namespace, string service) =>
        _slices!.ListBy(SlicesByService, new NamespacedName(@namespace, service).ToString());

    Secret? IIngressObjects.Secret(string @namespace, string name) => _secrets!.Get(@namespace, name);

    private async Task WatchObjectsAsync(CancellationToken cancellationToken)
    {
        _ingresses = _informers.Of<Ingress>();
        _services = _informers.Of<Service>();
        _slices = _informers.Of<EndpointSlice>();
        _secrets = _informers.Of<Secret>();
        _slices.AddIndex(SlicesByService, slice => slice.Metadata.Labels.TryGetValue("kubernetes.io/service-name", out var name)
            ? [new NamespacedName(slice.Metadata.Namespace, name).ToString()]
            : []);
        await _informers.WaitForSyncAsync(cancellationToken);
        _ingresses.OnChange((_, _) => _changes.Add());
        _services.OnChange((_, _) => _changes.Add());
        _slices.OnChange((old, now) =>
        {
            // In this order, so that whoever waits for the first finds the second.
            _changes.Add();
            _offered.Observe(old, now);
        });
        _secrets.OnChange((_, _) => _changes.Add());
    }

    private async Task FollowAsync(NginxMailbox mailbox, CancellationToken cancellationToken)
    {
        var failures = 0;
        while (true)
        {
            try
            {
                var until = await _changes.TakeAsync(wait: failures == 0, cancellationToken);
                var hasChanged = await ApplyAsync(mailbox, cancellationToken);
                _changes.Done(until);
                failures = 0;
                if (hasChanged)
                {
                    await Task.Delay(Pause, _time, cancellationToken);
                }
            }
            catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
            {
                Log.Failed(_logger, exception, failures + 1);
                await Task.Delay(Failures.After(failures++), _time, cancellationToken);
            }
        }
    }

    /// <returns>Whether nginx has something new.</returns>
    private async Task<bool> ApplyAsync(NginxMailbox mailbox, CancellationToken cancellationToken)
    {
        if (_isNew)
        {
            _isNew = false;
            _taken = "";
        }

        var selection = new IngressSelection(_classes.List());
        var all = _ingresses!.List(); // There since before the loop.
        var ours = all.Where(selection.IsOurs).ToList();
        var hasChanged = false;
        IngressPlan plan;
        while (true)
        {
            Forgive(ours);
            plan = IngressPlanner.Plan(ours, this, _refused.Keys.ToHashSet(StringComparer.Ordinal));
            var text = NginxRenderer.Render(plan, _nginx);
            var configuration = text.ToString();
            var files = new Dictionary<string, string>(plan.Files, StringComparer.Ordinal) { [NginxSettings.DefaultCertificate] = _defaultCertificate };
            if (configuration == _taken || !selection.IsAny)
            {
                break;
            }

            var answer = await mailbox.SendAsync(configuration, files, cancellationToken);
            if (!answer.IsThere)
            {
                // It says so when it has started.
                return false;
            }

            if (answer.IsTaken)
            {
                _taken = configuration;
                _takenVersions = [.. ours.Select(Version)];
                hasChanged = true;
                break;
            }

            if (!Blame(ours, text.OwnerOf(answer.Line), answer.Output))
            {
                Log.Refused(_logger, answer.Output);
                return false;
            }
        }

        var problems = plan.Problems.Concat(_refused.Select(refused => new IngressProblem(refused.Key, refused.Value.Reason, IsRefused: true))).ToList();
        await _reports.ReportAsync(ours, [.. all.Where(ingress => !selection.IsOurs(ingress))], problems, cancellationToken);
        return hasChanged;
    }

    /// <summary>An Ingress that has changed since it was refused is tried again.</summary>
    private void Forgive(IReadOnlyList<Ingress> ours)
    {
        var versions = ours.ToDictionary(IngressPlanner.KeyOf, Version, StringComparer.Ordinal);
        foreach (var (key, refused) in _refused.ToList())
        {
            if (versions.GetValueOrDefault(key) != refused.Version)
            {
                _refused.Remove(key);
            }
        }
    }

    /// <summary>Finds whose fault it is that nginx refused: the one whose line it names, or else all that are new.</summary>
    /// <returns>Whether it is somebody's.</returns>
    private bool Blame(IReadOnlyList<Ingress> ours, string? owner, string output)
    {
        var suspects = ours.Where(ingress => !_refused.ContainsKey(IngressPlanner.KeyOf(ingress))
            && (owner is not null ? IngressPlanner.KeyOf(ingress) == owner : !_takenVersions.Contains(Version(ingress)))).ToList();
        foreach (var ingress in suspects)
        {
            _refused[IngressPlanner.KeyOf(ingress)] = (Version(ingress), $"nginx refuses it: {output.Split('\n')[0]}");
        }

        return suspects.Count > 0;
    }

    /// <summary>Changes with what a user writes and not with what is reported.</summary>
    private static string Version(Ingress ingress) => IngressPlanner.Id(
        $"{ingress.Metadata.Uid} {ingress.Metadata.Generation} "
        + string.Join('\n', ingress.Metadata.Annotations.OrderBy(annotation => annotation.Key, StringComparer.Ordinal)));

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Warning, "Ingresses could not be served as they are {Failures} times in a row; nginx goes on with what it has")]
        public static partial void Failed(ILogger logger, Exception exception, int failures);

        [LoggerMessage(LogLevel.Error, "nginx refuses a configuration that no Ingress alone is to blame for: {Output}")]
        public static partial void Refused(ILogger logger, string output);
    }
}
