using System.Text.Json.Nodes;
using Coxswain.Api.Schemata;

namespace Coxswain.Api.Apply;

/// <summary>Takes fields out of an object, or all but them.</summary>
public static class FieldSelection
{
    /// <summary>Removes what is in the set; what is one value is removed by its own path only.</summary>
    /// <param name="document">Is changed.</param>
    public static void Remove(JsonObject document, FieldSet fields, Schema schema) => RemoveFields(document, fields, schema);

    /// <summary>A copy with what is in the set alone, and with the keys of the items it names.</summary>
    public static JsonObject Extract(JsonObject document, FieldSet fields, Schema schema) => ExtractFields(document, fields, schema);

    private static void RemoveFields(JsonObject properties, FieldSet fields, Schema? schema)
    {
        foreach (var entry in fields.Entries)
        {
            if (!PathElements.IsField(entry.Element))
            {
                continue;
            }

            var name = entry.Element[2..];
            if (!properties.TryGetPropertyValue(name, out var value))
            {
                continue;
            }

            var below = SchemaSteps.Field(schema, name, out _);
            if (entry.IsMember || (entry.Children is { } children && Remove(value, children, below) && HoldsNothing(value, below)))
            {
                properties.Remove(name);
            }
        }
    }

    /// <returns>Whether there was something to go into.</returns>
    private static bool Remove(JsonNode? value, FieldSet fields, Schema? schema)
    {
        switch (SchemaSteps.FormOf(schema, value))
        {
            case ValueForm.Fields when value is JsonObject properties:
                RemoveFields(properties, fields, schema);
                return true;
            case ValueForm.Items when value is JsonArray items && SchemaSteps.Names(schema!, items) is { } names: // a list has a type
                for (var i = names.Length - 1; i >= 0; i--)
                {
                    if (fields.Find(names[i]) is not { } entry)
                    {
                        continue;
                    }

                    if (entry.IsMember)
                    {
                        items.RemoveAt(i);
                    }
                    else
                    {
                        Remove(items[i], entry.Children!, schema!.Item); // an entry is a member or has children
                    }
                }

                return true;
            default:
                return false;
        }
    }

    /// <summary>Whether a list or map is as good as absent; that a struct is there can mean something.</summary>
    private static bool HoldsNothing(JsonNode? value, Schema? schema) =>
        value is JsonArray { Count: 0 } || (value is JsonObject { Count: 0 } && schema is { Type: SchemaType.Map });

    private static JsonObject ExtractFields(JsonObject properties, FieldSet fields, Schema? schema)
    {
        var result = new JsonObject();
        foreach (var (name, value) in properties)
        {
            if (fields.Find(PathElements.Field(name)) is { } entry)
            {
                result[name] = Extract(value, entry, SchemaSteps.Field(schema, name, out _));
            }
        }

        return result;
    }

    private static JsonNode? Extract(JsonNode? value, FieldSet.Entry entry, Schema? schema)
    {
        var fields = entry.Children ?? FieldSet.Empty;
        switch (SchemaSteps.FormOf(schema, value))
        {
            case ValueForm.Fields when value is JsonObject properties:
                return ExtractFields(properties, fields, schema);
            case ValueForm.Items when value is JsonArray items && SchemaSteps.Names(schema!, items) is { } names: // a list has a type
                var result = new JsonArray();
                for (var i = 0; i < names.Length; i++)
                {
                    if (fields.Find(names[i]) is { } item)
                    {
                        result.Add(WithKeys(Extract(items[i], item, schema!.Item), items[i], schema.ListMapKeys));
                    }
                }

                return result;
            default:
                return value?.DeepClone();
        }
    }

    private static JsonNode? WithKeys(JsonNode? extracted, JsonNode? item, IReadOnlyList<string> keys)
    {
        if (extracted is JsonObject target && item is JsonObject source)
        {
            foreach (var key in keys)
            {
                if (source.TryGetPropertyValue(key, out var value))
                {
                    target.TryAdd(key, value?.DeepClone());
                }
            }
        }

        return extracted;
    }
}
