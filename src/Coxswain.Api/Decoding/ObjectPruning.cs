using System.Text.Json.Nodes;
using Coxswain.Api.Schemata;

namespace Coxswain.Api.Decoding;

/// <summary>Takes out of a document what a structural schema does not name, as decoding by it would have.</summary>
public static class ObjectPruning
{
    /// <summary>Changes the document in place.</summary>
    /// <returns>Whether anything was taken out.</returns>
    public static bool Prune(JsonNode? node, Schema schema)
    {
        if (!schema.IsStructural)
        {
            return false;
        }

        var changed = false;
        switch (node)
        {
            case JsonObject properties when schema.Type == SchemaType.Struct:
                List<string>? unknown = null;
                foreach (var (name, child) in properties)
                {
                    if (schema.Field(name) is { } field)
                    {
                        changed |= Prune(child, field.Schema);
                    }
                    else if (!schema.PreserveUnknownFields)
                    {
                        (unknown ??= []).Add(name);
                    }
                }

                unknown?.ForEach(name => properties.Remove(name));
                changed |= unknown is not null;
                break;
            case JsonObject values when schema.Type == SchemaType.Map:
                foreach (var (_, child) in values)
                {
                    changed |= Prune(child, schema.Item!); // a map has values
                }

                break;
            case JsonArray items when schema.Type == SchemaType.List:
                foreach (var item in items)
                {
                    changed |= Prune(item, schema.Item!); // a list has items
                }

                break;
        }

        return changed;
    }
}
