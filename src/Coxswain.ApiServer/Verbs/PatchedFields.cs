using System.Text.Json.Nodes;
using Coxswain.Api.Json;
using Coxswain.Client;

namespace Coxswain.ApiServer.Verbs;

/// <summary>Which of an object's own fields (<c>spec</c>, <c>status</c>) a patch can change.</summary>
internal static class PatchedFields
{
    /// <returns>Null when it may be any of them.</returns>
    public static IReadOnlySet<string>? Of(PatchType type, JsonNode? body)
    {
        var fields = new HashSet<string>(StringComparer.Ordinal);
        if (type != PatchType.Json)
        {
            foreach (var (name, _) in body as JsonObject ?? [])
            {
                // A directive may be about any field.
                if (type == PatchType.StrategicMerge && name.StartsWith('$'))
                {
                    return null;
                }

                fields.Add(name);
            }

            return fields;
        }

        foreach (var operation in (body as JsonArray ?? []).OfType<JsonObject>())
        {
            if (!Add(fields, operation["path"]) || !Add(fields, operation["from"]))
            {
                return null;
            }
        }

        return fields;
    }

    /// <returns>False when the pointer is not one below a field with a plain name.</returns>
    private static bool Add(HashSet<string> fields, JsonNode? pointer)
    {
        if (!pointer.TryText(out var path))
        {
            return true;
        }

        var name = path.Split('/', 3) is ["", var first, ..] ? first : "";
        if (name.Length == 0 || name.Contains('~', StringComparison.Ordinal))
        {
            return false;
        }

        fields.Add(name);
        return true;
    }
}
