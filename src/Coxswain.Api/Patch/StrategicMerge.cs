using System.Text.Json.Nodes;

namespace Coxswain.Api;

/// <summary>The merging itself: objects field by field, lists by key, and the patch's directives.</summary>
internal static class StrategicMerge
{
    private const string Directive = "$patch";
    private const string RetainKeys = "$retainKeys";
    private const string DeleteFromPrimitiveList = "$deleteFromPrimitiveList/";
    private const string SetElementOrder = "$setElementOrder/";

    /// <param name="schema">The type of both; null where the type is not known and lists are replaced.</param>
    public static JsonObject MergeObject(JsonObject target, JsonObject patch, Schema? schema)
    {
        if (patch.TryGetPropertyValue(Directive, out var directive))
        {
            switch (directive.TryText(out var text) ? text : "")
            {
                case "replace":
                    return Strip(patch);
                case "delete":
                    return [];
                case "merge":
                    break;
                default:
                    throw PatchError.Malformed($"unrecognized patch directive: {directive?.ToJsonString() ?? "null"}");
            }
        }

        var result = (JsonObject)target.DeepClone();
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
                result[field] = ListOrder.Apply([.. items], [], AsArray(order, name), MergeKey(FieldSchema(schema, field)));
            }
        }

        return result;
    }

    private static void MergeField(JsonObject result, string name, JsonNode? change, Schema? schema, JsonArray? order)
    {
        result.TryGetPropertyValue(name, out var old);
        switch (change)
        {
            case null:
                result.Remove(name);
                break;
            case JsonObject changes when old is JsonObject before:
                if (changes.TryGetPropertyValue(Directive, out var directive) && directive.TryText(out var text) && text == "delete")
                {
                    result.Remove(name);
                }
                else
                {
                    result[name] = MergeObject(before, changes, schema);
                }

                break;
            case JsonObject changes:
                if (!(changes.TryGetPropertyValue(Directive, out var gone) && gone.TryText(out var word) && word == "delete"))
                {
                    result[name] = MergeObject([], changes, schema);
                }

                break;
            case JsonArray items when schema is { Type: SchemaType.List, PatchStrategy: PatchStrategy.Merge }:
                result[name] = MergeList(old as JsonArray ?? [], items, schema, order);
                break;
            case JsonArray items:
                result[name] = items.DeepClone();
                break;
            default:
                result[name] = change.DeepClone();
                break;
        }
    }

    private static JsonArray MergeList(JsonArray old, JsonArray patch, Schema schema, JsonArray? order)
    {
        var key = schema.PatchMergeKey;
        if (key is null)
        {
            return MergeScalars(old, patch, order);
        }

        var merged = old.Select(item => item).ToList<JsonNode?>();
        var replace = false;
        var changes = new List<JsonObject>();
        foreach (var node in patch)
        {
            var item = node as JsonObject ?? throw PatchError.Malformed($"error decoding patch: an item of a list merged by \"{key}\" is not an object");
            var directive = item.TryGetPropertyValue(Directive, out var value) ? value.TryText(out var text) ? text : "?" : "";
            switch (directive)
            {
                case "replace":
                    replace = true;
                    if (item.Count > 1)
                    {
                        changes.Add(Strip(item));
                    }

                    break;
                case "delete":
                    var named = KeyOf(item, key);
                    merged.RemoveAll(existing => existing is JsonObject other && other.TryGetPropertyValue(key, out var otherKey) && JsonEquality.Equal(otherKey, named));
                    break;
                case "" or "merge":
                    changes.Add(item);
                    break;
                default:
                    throw PatchError.Malformed($"unrecognized patch directive: {value?.ToJsonString() ?? "null"}");
            }
        }

        if (replace)
        {
            return new JsonArray([.. changes.Select(item => Strip(item))]);
        }

        var fromServer = merged.ToList();
        foreach (var item in changes)
        {
            var named = KeyOf(item, key);
            var index = merged.FindIndex(existing => existing is JsonObject other && other.TryGetPropertyValue(key, out var value) && JsonEquality.Equal(value, named));
            if (index < 0)
            {
                merged.Add(MergeObject([], item, schema.Item));
            }
            else
            {
                merged[index] = MergeObject((JsonObject)merged[index]!, item, schema.Item);
            }
        }

        return order is null
            ? new JsonArray([.. merged.Select(item => item?.Parent is null ? item : item.DeepClone())])
            : ListOrder.Apply(merged, fromServer, order, key);
    }

    private static JsonArray MergeScalars(JsonArray old, JsonArray patch, JsonArray? order)
    {
        var merged = old.ToList();
        var fromServer = merged.ToList();
        foreach (var item in patch)
        {
            if (!merged.Exists(existing => JsonEquality.Equal(existing, item)))
            {
                merged.Add(item);
            }
        }

        return order is null ? new JsonArray([.. merged.Select(item => item?.DeepClone())]) : ListOrder.Apply(merged, fromServer, order, null);
    }

    private static void DeleteItems(JsonObject result, string name, JsonNode? items)
    {
        if (result.Array(name) is { } list)
        {
            foreach (var unwanted in AsArray(items, DeleteFromPrimitiveList + name))
            {
                for (var i = list.Count - 1; i >= 0; i--)
                {
                    if (JsonEquality.Equal(list[i], unwanted))
                    {
                        list.RemoveAt(i);
                    }
                }
            }
        }
    }

    private static void Retain(JsonObject result, JsonObject patch, JsonNode? retained)
    {
        var keys = AsArray(retained, RetainKeys).Select(key => key.TryText(out var text) ? text : "").ToHashSet(StringComparer.Ordinal);
        foreach (var (name, _) in patch)
        {
            if (name[0] != '$' && !keys.Contains(name))
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

    private static JsonNode? KeyOf(JsonObject item, string key) =>
        item.TryGetPropertyValue(key, out var value) && value is not null ? value
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
