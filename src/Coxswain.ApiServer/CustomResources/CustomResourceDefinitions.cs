using System.Text.Json.Nodes;
using Coxswain.Api.Json;
using Coxswain.Api.Scalars;
using Coxswain.ApiServer.Documents;
using Coxswain.ApiServer.Following;
using Coxswain.ApiServer.Resources;
using Coxswain.ApiServer.Resources.Rules;
using Coxswain.Store;
using Microsoft.Extensions.Logging;

namespace Coxswain.ApiServer.CustomResources;

/// <summary>
/// Follows the stored CustomResourceDefinitions: gives them their names, serves what they define, says so in their
/// conditions, and empties those that are deleted. What is served is changed before it is said.
/// </summary>
internal sealed partial class CustomResourceDefinitions(
    IStore store, CatalogueHolder catalogue, CustomResourceCompiler compiler, DefinitionWriter writer, CustomResourceCleaner cleaner,
    TimeProvider time, ILogger<CustomResourceDefinitions> logger)
{
    private readonly Dictionary<string, StoreEntry> _entries = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Compiled> _compiled = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Task> _cleaning = new(StringComparer.Ordinal);

    /// <summary>Serves what is stored, before the first request is taken.</summary>
    public async Task LoadAsync(CancellationToken cancellationToken)
    {
        Fill((await store.ListAsync(new ListQuery(DefinitionWriter.Prefix), cancellationToken)).Entries);
        Serve(Decide());
    }

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        await new EntryFollower(store, DefinitionWriter.Prefix, time, logger).RunAsync(
            (entries, token) =>
            {
                Fill(entries);
                return SyncAsync(token);
            },
            (events, token) =>
            {
                foreach (var change in events)
                {
                    Apply(change.Key, change.Entry);
                }

                return SyncAsync(token);
            },
            cancellationToken);
        try
        {
            await Task.WhenAll(_cleaning.Values);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
        }
    }

    private void Fill(IReadOnlyList<StoreEntry> entries)
    {
        _entries.Clear();
        foreach (var entry in entries)
        {
            Apply(entry.Key, entry);
        }
    }

    private void Apply(string key, StoreEntry? entry)
    {
        var name = key[DefinitionWriter.Prefix.Length..];
        if (entry is null)
        {
            _entries.Remove(name);
            _compiled.Remove(name);
        }
        else
        {
            _entries[name] = entry;
        }
    }

    private async ValueTask SyncAsync(CancellationToken cancellationToken)
    {
        var decided = Decide();
        Serve(decided);
        foreach (var definition in decided)
        {
            if (definition.IsChanged)
            {
                // A conflict brings another event, and with it another look.
                await writer.WriteAsync(definition.Document, "status", cancellationToken);
            }
        }

        foreach (var definition in decided.Where(definition => definition.IsEnding && definition.IsHeld))
        {
            if (!_cleaning.TryGetValue(definition.Name, out var running) || running.IsCompleted)
            {
                _cleaning[definition.Name] = cleaner.RunAsync(definition.Name, _compiled.GetValueOrDefault(definition.Name)?.Storage, cancellationToken);
            }
        }

        foreach (var name in _cleaning.Where(entry => entry.Value.IsCompleted).Select(entry => entry.Key).ToList())
        {
            _cleaning.Remove(name);
        }
    }

    /// <summary>Who gets which names. Older definitions come first; what was given once is kept.</summary>
    private List<Decided> Decide()
    {
        var definitions = _entries.OrderBy(entry => entry.Value.CreateRevision).Select(entry => (entry.Key, entry.Value,
            Document: Document.DecodeWithVersion(entry.Value.Value, entry.Value.ModRevision))).ToList();
        var groups = new Dictionary<string, CustomResourceNames>(StringComparer.Ordinal);
        foreach (var (name, _, document) in definitions)
        {
            if (document.Object("status")?.Object("acceptedNames") is { } accepted && accepted.Text("plural").Length > 0)
            {
                NamesOf(groups, document).Claim(name, accepted);
            }
        }

        var now = KubeTime.Format(time.GetUtcNow());
        var decided = new List<Decided>(definitions.Count);
        foreach (var (name, _, document) in definitions)
        {
            var before = document["status"]?.DeepClone();
            var status = document.ObjectOrNew("status");
            var naming = NamesOf(groups, document).Decide(name, document.ObjectOrNew("spec").ObjectOrNew("names"), status.Object("acceptedNames") ?? []);
            NamesOf(groups, document).Claim(name, naming.Accepted);
            status["acceptedNames"] = naming.Accepted.DeepClone();
            DefinitionConditions.Set(document, DefinitionConditions.NamesAccepted, naming.IsAccepted,
                naming.IsAccepted ? "NoConflicts" : naming.Reason, naming.IsAccepted ? "no conflicts found" : naming.Message, now);
            if (naming.IsAccepted)
            {
                DefinitionConditions.Set(document, DefinitionConditions.Established, true, "InitialNamesAccepted", "the initial names have been accepted", now);
            }
            else if (!DefinitionConditions.IsTrue(document, DefinitionConditions.Established))
            {
                DefinitionConditions.Set(document, DefinitionConditions.Established, false, "NotAccepted", "not all names are accepted", now);
            }

            decided.Add(new Decided(name, document, naming.Accepted, !JsonEquality.Equal(before, document["status"])));
        }

        return decided;
    }

    private static CustomResourceNames NamesOf(Dictionary<string, CustomResourceNames> groups, JsonObject document)
    {
        var apiGroup = document.TextAt("spec", "group");
        if (!groups.TryGetValue(apiGroup, out var names))
        {
            groups.Add(apiGroup, names = new CustomResourceNames());
        }

        return names;
    }

    /// <summary>Puts what the definitions define into the catalogue, beside the built-in kinds, and leaves alone what did not change.</summary>
    private void Serve(List<Decided> definitions)
    {
        var served = new List<ServedResource>();
        foreach (var definition in definitions.Where(definition => DefinitionConditions.IsTrue(definition.Document, DefinitionConditions.Established)))
        {
            var identity = definition.Identity;
            if (!_compiled.TryGetValue(definition.Name, out var compiled) || compiled.Identity != identity)
            {
                compiled = new Compiled(identity, compiler.Compile(definition.Document, definition.Names, definition.IsEnding));
                _compiled[definition.Name] = compiled;
            }

            served.AddRange(compiled.Versions);
        }

        var current = catalogue.Current.All.Where(resource => resource.Custom is not null).ToHashSet();
        if (current.SetEquals(served))
        {
            return;
        }

        catalogue.Change(before =>
        {
            var builtIn = before.All.Where(resource => resource.Custom is null).ToList();
            var versions = builtIn.Select(resource => (resource.Resource.Group, resource.Resource.Version)).ToHashSet();

            // A group-version that is built in is served by what is built in alone.
            return before.Holding([.. builtIn, .. served.Where(resource => !versions.Contains((resource.Resource.Group, resource.Resource.Version)))]);
        });
        Log.Serves(logger, served.Count);
    }

    /// <param name="Identity">Of what the versions follow from; a status may change without it.</param>
    private sealed record Compiled(string Identity, IReadOnlyList<ServedResource> Versions)
    {
        public ServedResource? Storage => Versions.Count == 0 ? null : Versions[0].Storage;
    }

    /// <param name="IsChanged">The status is not yet the one stored.</param>
    private sealed record Decided(string Name, JsonObject Document, JsonObject Names, bool IsChanged)
    {
        public bool IsEnding => Document.Metadata().Text("deletionTimestamp").Length > 0;

        public bool IsHeld => Document.Metadata()["finalizers"].Texts().Contains(CustomResourceDefinitionRules.CleanupFinalizer);

        public string Identity => $"{Document.Metadata().Text("uid")} {Document.Metadata().Integer("generation")} {IsEnding} {Names.ToJsonString()}";
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Information, "{Count} versions of custom resources are served")]
        public static partial void Serves(ILogger logger, int count);
    }
}
