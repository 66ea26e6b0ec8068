using System.Text.Json.Nodes;
using Coxswain.Api.Json;
using Coxswain.Api.Schemata;

namespace Coxswain.Api.Patch;

/// <summary>The merging itself: objects field by field, lists by key, and the patch's directives.</summary>
internal static class StrategicMerge
{
    private const string Directive = "$patch";
    private const string RetainKeys = "$retainKeys";
    private const string DeleteFromPrimitiveList = "$deleteFromPrimitiveList/";
    private const string SetElementOrder = "$setElementOrder/";

    /// <summary>The target with the patch applied; neither is changed.</summary>
    /// <param name="schema">The type of both; null where the type is not known and lists are replaced.</param>
    public static JsonObject MergeObject(JsonObject target, JsonObject patch, Schema? schema)
    {
        switch (DirectiveOf(patch))
        {
            case "replace":
                return Strip(patch);
            case "delete":
                return [];
            default:
                var result = (JsonObject)target.DeepClone();
                MergeInto(result, patch, schema);
                return result;
        }
    }

    /// <summary>
    /// Changes the target, which is a copy already: an object nested ever deeper is not copied at each level again.
    /// </summary>
    private static void MergeInto(JsonObject result, JsonObject patch, Schema? schema)
    {
        if (patch.TryGetPropertyValue(RetainKeys, out var retained))
        {
            Retain(result, patch, retained);
        }

        foreach (var (name, change) in patch)
        {
            if (name is Directive or RetainKeys || name.StartsWith(SetElementOrder, StringComparison.Ordinal))
            {
                continue;
            }

            if (name.StartsWith(DeleteFromPrimitiveList, StringComparison.Ordinal))
            {
                DeleteItems(result, name[DeleteFromPrimitiveList.Length..], change);
                continue;
            }

            MergeField(result, name, change, FieldSchema(schema, name), Order(patch, name));
        }

        // An order may be set for a list the patch does not change otherwise.
        foreach (var (name, order) in patch)
        {
            if (name.StartsWith(SetElementOrder, StringComparison.Ordinal)
                && name[SetElementOrder.Length..] is var field && !patch.ContainsKey(field) && result.Array(field) is { } items)
            {
                var wanted = AsArray(order, name);
                result[field] = ListOrder.Apply(Release(items), [], wanted, MergeKey(FieldSchema(schema, field)));
            }
        }
    }

    private static void MergeField(JsonObject result, string name, JsonNode? change, Schema? schema, JsonArray? order)
    {
        result.TryGetPropertyValue(name, out var old);
        switch (change)
        {
            case null:
                result.Remove(name);
                break;
            case JsonObject changes when DirectiveOf(changes) is "delete":
                result.Remove(name);
                break;
            case JsonObject changes when old is JsonObject before && DirectiveOf(changes) is not "replace":
                MergeInto(before, changes, schema);
                break;
            case JsonObject changes:
                result[name] = MergeObject([], changes, schema);
                break;
            case JsonArray items when schema is { Type: SchemaType.List, PatchStrategy: PatchStrategy.Merge }:
                result[name] = MergeList(old as JsonArray ?? [], items, schema, order);
                break;
            default:
                result[name] = change.DeepClone();
                break;
        }
    }

    private static JsonArray MergeList(JsonArray old, JsonArray patch, Schema schema, JsonArray? order)
    {
        if (schema.PatchMergeKey is not { } key)
        {
            return MergeScalars(old, patch, order);
        }

        var replace = false;
        var changes = new List<JsonObject>();
        var deleted = new HashSet<string>(StringComparer.Ordinal);
        foreach (var node in patch)
        {
            var item = node as JsonObject ?? throw PatchError.Malformed($"error decoding patch: an item of a list merged by \"{key}\" is not an object");
            switch (DirectiveOf(item))
            {
                case "replace":
                    replace = true;
                    if (item.Count > 1)
                    {
                        changes.Add(Strip(item));
                    }

                    break;
                case "delete":
                    deleted.Add(KeyOf(item, key));
                    break;
                default:
                    changes.Add(item);
                    break;
            }
        }

        if (replace)
        {
            return new JsonArray([.. changes.Select(Strip)]);
        }

        var merged = Release(old);
        merged.RemoveAll(item => item is JsonObject named && named.ContainsKey(key)
            && deleted.Contains(ListOrder.Name(named, key)));
        var fromServer = merged.ToList();
        var places = new Dictionary<string, int>(StringComparer.Ordinal);
        for (var i = 0; i < merged.Count; i++)
        {
            if (merged[i] is JsonObject named && named.ContainsKey(key))
            {
                places.TryAdd(ListOrder.Name(named, key), i);
            }
        }

        foreach (var item in changes)
        {
            var name = KeyOf(item, key);
            if (places.TryGetValue(name, out var place))
            {
                MergeInto((JsonObject)merged[place]!, item, schema.Item); // only objects have places
            }
            else
            {
                places.Add(name, merged.Count);
                merged.Add(MergeObject([], item, schema.Item));
            }
        }

        return order is null ? new JsonArray([.. merged]) : ListOrder.Apply(merged, fromServer, order, key);
    }

    private static JsonArray MergeScalars(JsonArray old, JsonArray patch, JsonArray? order)
    {
        var merged = Release(old);
        var fromServer = merged.ToList();
        var known = merged.Select(JsonEquality.Canonical).ToHashSet(StringComparer.Ordinal);
        foreach (var item in patch)
        {
            if (known.Add(JsonEquality.Canonical(item)))
            {
                merged.Add(item?.DeepClone());
            }
        }

        return order is null ? new JsonArray([.. merged]) : ListOrder.Apply(merged, fromServer, order, null);
    }

    private static void DeleteItems(JsonObject result, string name, JsonNode? items)
    {
        if (result.Array(name) is not { } list)
        {
            return;
        }

        var unwanted = AsArray(items, DeleteFromPrimitiveList + name)
            .Select(JsonEquality.Canonical).ToHashSet(StringComparer.Ordinal);
        result[name] =
            new JsonArray([.. Release(list).Where(item => !unwanted.Contains(JsonEquality.Canonical(item)))]);
    }

    /// <summary>The items of a list of our own copy, free to go into another.</summary>
    private static List<JsonNode?> Release(JsonArray items)
    {
        var released = items.ToList();
        items.Clear();
        return released;
    }

    /// <summary>What a patch says of itself: <c>replace</c>, <c>delete</c>, <c>merge</c>, or nothing.</summary>
    private static string DirectiveOf(JsonObject patch)
    {
        if (!patch.TryGetPropertyValue(Directive, out var directive))
        {
            return "";
        }

        return directive.TryText(out var text) && text is "replace" or "delete" or "merge" ? text
            : throw PatchError.Malformed($"unrecognized patch directive: {directive?.ToJsonString() ?? "null"}");
    }

    private static void Retain(JsonObject result, JsonObject patch, JsonNode? retained)
    {
        var keys = AsArray(retained, RetainKeys).Select(key => key.TryText(out var text) ? text : "").ToHashSet(StringComparer.Ordinal);
        foreach (var (name, _) in patch)
        {
            if (!name.StartsWith('$') && !keys.Contains(name))
            {
                throw PatchError.Malformed($"retainKeys patch format is invalid: \"{name}\" is in the patch but not in {RetainKeys}");
            }
        }

        foreach (var name in result.Select(property => property.Key).Where(name => !keys.Contains(name)).ToList())
        {
            result.Remove(name);
        }
    }

    /// <summary>A patch's content without its directives: what remains where there is nothing to merge with.</summary>
    private static JsonObject Strip(JsonObject patch)
    {
        var result = (JsonObject)patch.DeepClone();
        result.Remove(Directive);
        return result;
    }

    private static string KeyOf(JsonObject item, string key) =>
        item.TryGetPropertyValue(key, out var value) && value is not null ? JsonEquality.Canonical(value)
        : throw PatchError.Malformed($"map: {item.ToJsonString()} does not contain declared merge key: {key}");

    private static JsonArray? Order(JsonObject patch, string name) =>
        patch.TryGetPropertyValue(SetElementOrder + name, out var order) ? AsArray(order, SetElementOrder + name) : null;

    private static JsonArray AsArray(JsonNode? node, string name) =>
        node as JsonArray ?? throw PatchError.Malformed($"error decoding patch: \"{name}\" is not an array");

    private static Schema? FieldSchema(Schema? schema, string name) => schema?.Type switch
    {
        SchemaType.Struct => schema.Field(name)?.Schema,
        SchemaType.Map => schema.Item,
        _ => null,
    };

    private static string? MergeKey(Schema? schema) => schema?.PatchMergeKey;
}
