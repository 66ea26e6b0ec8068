using System.Text.Json.Nodes;
using Coxswain.Api.Schemata;

namespace Coxswain.Api.Apply;

/// <summary>Finds what keeps a configuration from being applied: list items that cannot be told apart.</summary>
public static class ConfigurationCheck
{
    /// <summary>More are not told.</summary>
    private const int MostErrors = 10;

    public static IReadOnlyList<string> Errors(JsonObject configuration, Schema schema)
    {
        var errors = new List<string>();
        Check(configuration, schema, "", errors);
        return errors;
    }

    private static void Check(JsonNode? value, Schema? schema, string path, List<string> errors)
    {
        if (errors.Count >= MostErrors)
        {
            return;
        }

        switch (SchemaSteps.FormOf(schema, value))
        {
            case ValueForm.Fields when value is JsonObject properties:
                foreach (var (name, below) in properties)
                {
                    Check(below, SchemaSteps.Field(schema, name, out _), $"{path}.{name}", errors);
                }

                break;
            case ValueForm.Items when value is JsonArray items:
                var seen = new HashSet<string>(StringComparer.Ordinal);
                for (var i = 0; i < items.Count && errors.Count < MostErrors; i++)
                {
                    if (PathElements.OfItem(schema!, items[i]) is not { } element) // a list has a type
                    {
                        errors.Add(schema!.ListType == ListType.Map
                            ? $"{path}: element {i}: associative list with keys has an element that omits its key fields ({string.Join(", ", schema.ListMapKeys)})"
                            : $"{path}: element {i}: a set has scalar items only");
                    }
                    else if (!seen.Add(element))
                    {
                        errors.Add($"{path}: duplicate entries for key {PathElements.Display(element)}");
                    }
                    else
                    {
                        Check(items[i], schema!.Item, path + PathElements.Display(element), errors);
                    }
                }

                break;
        }
    }
}
