using System.Text.Json.Nodes;
using Coxswain.Api.Schemata;

namespace Coxswain.Api.Apply;

/// <summary>Puts a configuration over an object: what it says counts, what it does not say stays.</summary>
public static class ObjectMerge
{
    /// <param name="live">Is changed.</param>
    /// <param name="configuration">Is only read.</param>
    public static void Apply(JsonObject live, JsonObject configuration, Schema schema) => MergeFields(live, configuration, schema);

    private static void MergeFields(JsonObject live, JsonObject configuration, Schema? schema)
    {
        foreach (var (name, value) in configuration)
        {
            if (!live.TryGetPropertyValue(name, out var existing))
            {
                live[name] = value?.DeepClone();
                continue;
            }

            var merged = Merge(existing, value, SchemaSteps.Field(schema, name, out _));
            if (!ReferenceEquals(merged, existing))
            {
                live[name] = merged;
            }
        }
    }

    /// <returns>The live value itself, changed, or another.</returns>
    private static JsonNode? Merge(JsonNode? live, JsonNode? configuration, Schema? schema)
    {
        switch (SchemaSteps.FormOf(schema, configuration))
        {
            case ValueForm.Fields when live is JsonObject target && configuration is JsonObject source:
                MergeFields(target, source, schema);
                return target;
            case ValueForm.Items when live is JsonArray { Count: > 0 } target && configuration is JsonArray source
                && SchemaSteps.Names(schema!, target) is { } targetNames && SchemaSteps.Names(schema!, source) is { } sourceNames: // a list has a type
                return MergeItems(target, targetNames, source, sourceNames, schema!);
            default:
                return configuration?.DeepClone();
        }
    }

    /// <summary>
    /// The items of both in an order that keeps the configuration's own and, as far as it can, the live list's. What is live under
    /// several items of one name is replaced by the configuration's one.
    /// </summary>
    private static JsonArray MergeItems(JsonArray live, string[] liveNames, JsonArray configuration, string[] names, Schema schema)
    {
        var liveItems = new Dictionary<string, JsonNode?>(StringComparer.Ordinal);
        var taken = live.ToList();
        live.Clear();
        for (var i = 0; i < liveNames.Length; i++)
        {
            liveItems[liveNames[i]] = liveItems.ContainsKey(liveNames[i]) ? null : taken[i];
        }

        var asked = names.ToHashSet(StringComparer.Ordinal);
        var shared = new Queue<string>(names.Where(liveItems.ContainsKey));
        var next = shared.TryDequeue(out var first) ? first : null;
        var done = new HashSet<string>(StringComparer.Ordinal);
        var result = new JsonArray();
        int l = 0, c = 0;
        while (l < liveNames.Length || c < names.Length)
        {
            if (l < liveNames.Length)
            {
                var name = liveNames[l];
                if (!asked.Contains(name))
                {
                    result.Add(taken[l++]);
                    continue;
                }

                // Where the configuration's next one is elsewhere in the live list, this one waits for its turn.
                if (c < names.Length && name != names[c] && next is not null && next != name)
                {
                    l++;
                    continue;
                }

                if (done.Contains(name))
                {
                    l++;
                    continue;
                }
            }

            if (c < names.Length)
            {
                var name = names[c];
                if (l < liveNames.Length && liveNames[l] == name)
                {
                    l++;
                }

                done.Add(name);
                result.Add(liveItems.TryGetValue(name, out var item) && item is not null ? Merge(item, configuration[c], schema.Item) : configuration[c]?.DeepClone());
                c++;
                if (name == next)
                {
                    next = shared.TryDequeue(out var following) ? following : null;
                }
            }
        }

        return result;
    }
}
