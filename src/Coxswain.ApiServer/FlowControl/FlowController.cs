using System.Globalization;
using System.Text;
using Coxswain.ApiServer.Documents;
using Coxswain.Store;

namespace Coxswain.ApiServer.FlowControl;

/// <summary>
/// Priority and fairness: finds the FlowSchema a request belongs to and the priority level whose seats it takes, as the served objects
/// say at that moment. See https://kubernetes.io/docs/concepts/cluster-administration/flow-control/.
/// </summary>
/// <param name="seats">How many requests run at once, over all levels; what they lend each other included.</param>
internal sealed class FlowController(IStore store, int seats, TimeProvider time) : IAsyncDisposable
{
    private const string Prefix = "/registry/flowcontrol.apiserver.k8s.io/";

    private static readonly FlowSchema CatchAll = new("catch-all", "", long.MaxValue, "catch-all", "ByUser", []);

    private readonly SeatPool _pool = new();
    private readonly Lock _gate = new();
    private Configuration? _configuration;

    private readonly StoreView<Schemas> _schemas = new(store, Prefix + "flowschemas/", static entries => new Schemas(
        [.. entries.Select(entry => FlowSchema.Read(Document.Decode(entry.Value)))
            .OrderBy(schema => schema.Precedence).ThenBy(schema => schema.Name, StringComparer.Ordinal)]));

    private readonly StoreView<Levels> _levels = new(store, Prefix + "prioritylevelconfigurations/", static entries => new Levels(
        [.. entries.Select(entry => LevelSettings.Read(Document.Decode(entry.Value)))]));

    public async ValueTask<FlowPlace> ClassifyAsync(FlowRequest request, CancellationToken cancellationToken)
    {
        var schemas = await _schemas.GetAsync(cancellationToken);
        var levels = await _levels.GetAsync(cancellationToken);
        var configuration = Volatile.Read(ref _configuration);
        if (configuration is null || configuration.Schemas != schemas || configuration.Levels != levels)
        {
            configuration = Configure(schemas, levels);
        }

        foreach (var place in configuration.Places)
        {
            if (place.Schema.Matches(request))
            {
                return place;
            }
        }

        return configuration.Rest;
    }

    /// <summary>How it stands with each level, as metrics.</summary>
    public string Text()
    {
        var text = new StringBuilder();
        var levels = _pool.Levels.Where(level => !level.Settings.IsExempt).ToList();
        Add("apiserver_flowcontrol_current_executing_requests", "gauge", level => level.Running);
        Add("apiserver_flowcontrol_current_inqueue_requests", "gauge", level => level.Waiting);
        Add("apiserver_flowcontrol_nominal_limit_seats", "gauge", level => level.Settings.Seats);
        Add("apiserver_flowcontrol_dispatched_requests_total", "counter", level => level.Dispatched);
        Add("apiserver_flowcontrol_rejected_requests_total", "counter", level => level.Rejected);
        return text.ToString();

        void Add(string name, string type, Func<PriorityLevel, long> value)
        {
            text.Append(CultureInfo.InvariantCulture, $"# TYPE {name} {type}\n");
            foreach (var level in levels)
            {
                text.Append(CultureInfo.InvariantCulture, $"{name}{{priority_level=\"{level.Settings.Name}\"}} {value(level)}\n");
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _schemas.DisposeAsync();
        await _levels.DisposeAsync();
    }

    /// <summary>A level that stays keeps its seats and who waits for them.</summary>
    private Configuration Configure(Schemas schemas, Levels levels)
    {
        lock (_gate)
        {
            var known = _pool.Levels.ToDictionary(level => level.Settings.Name, StringComparer.Ordinal);
            var all = levels.All.Any(level => level.Name == LevelSettings.CatchAll.Name) ? levels.All : [.. levels.All, LevelSettings.CatchAll];
            var shares = Math.Max(all.Where(level => !level.IsExempt).Sum(level => level.Shares), 1);
            var current = new Dictionary<string, PriorityLevel>(StringComparer.Ordinal);
            foreach (var settings in all)
            {
                var seated = settings with { Seats = (int)Math.Clamp(((seats * settings.Shares) + shares - 1) / shares, 1, seats) };
                var level = known.GetValueOrDefault(settings.Name) ?? new PriorityLevel(seated, _pool, time);
                level.Settings = seated;
                current[settings.Name] = level;
            }

            _pool.Levels = [.. current.Values];
            var configuration = new Configuration(
                schemas, levels,
                [.. schemas.All.Where(schema => current.ContainsKey(schema.Level)).Select(schema => new FlowPlace(schema, current[schema.Level]))],
                new FlowPlace(CatchAll, current[LevelSettings.CatchAll.Name]));
            Volatile.Write(ref _configuration, configuration);
            return configuration;
        }
    }

    private sealed class Schemas(IReadOnlyList<FlowSchema> all)
    {
        public IReadOnlyList<FlowSchema> All => all;
    }

    private sealed class Levels(IReadOnlyList<LevelSettings> all)
    {
        public IReadOnlyList<LevelSettings> All => all;
    }

    private sealed record Configuration(Schemas Schemas, Levels Levels, FlowPlace[] Places, FlowPlace Rest);
}
