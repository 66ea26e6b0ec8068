using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Coxswain.Api.Errors;
using Coxswain.Api.Json;

namespace Coxswain.Api.Selectors;

/// <summary>One condition of a field selector.</summary>
public sealed record FieldRequirement(string Field, bool Negated, string Value)
{
    public override string ToString() => $"{Field}{(Negated ? "!=" : "=")}{FieldSelector.Escape(Value)}";
}

/// <summary>A query over fields: <c>metadata.name=x,status.phase!=Running,spec.nodeName=</c>.</summary>
public sealed record FieldSelector(IReadOnlyList<FieldRequirement> Requirements)
{
    public static readonly FieldSelector Everything = new([]);

    public bool IsEmpty => Requirements.Count == 0;

    /// <exception cref="KubeStatusException">BadRequest with Kubernetes' message.</exception>
    public static FieldSelector Parse(string? text) =>
        TryParse(text, out var selector, out var error) ? selector : throw new KubeStatusException(Statuses.BadRequest(error));

    public static bool TryParse(string? text, out FieldSelector selector, out string error)
    {
        selector = Everything;
        error = "";
        var requirements = new List<FieldRequirement>();
        foreach (var part in Split(text ?? ""))
        {
            if (part.Length == 0)
            {
                continue;
            }

            var at = part.IndexOf('=');
            var negated = at > 0 && part[at - 1] == '!';
            var value = at < 0 ? null : Unescape(part[(at + (at + 1 < part.Length && part[at + 1] == '=' && !negated ? 2 : 1))..]);
            if (value is null)
            {
                error = $"invalid selector: '{text}'; can't understand '{part}'";
                return false;
            }

            requirements.Add(new FieldRequirement(part[..(negated ? at - 1 : at)], negated, value));
        }

        selector = requirements.Count == 0 ? Everything : new FieldSelector(requirements);
        return true;
    }

    /// <summary>The value the selector asks a field to have exactly; null when it does not.</summary>
    public string? RequiredValue(string field) =>
        Requirements.FirstOrDefault(requirement => !requirement.Negated && requirement.Field == field)?.Value;

    /// <summary>Asks a function for each field's value; an absent field is the empty string.</summary>
    public bool Matches(Func<string, string> valueOf)
    {
        foreach (var requirement in Requirements)
        {
            if (valueOf(requirement.Field) == requirement.Value == requirement.Negated)
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Looks the fields up in a document by their paths.</summary>
    public bool Matches(JsonObject document) => Matches(field => Find(document, field));

    /// <summary>The first field that is not among those a resource can be selected by; null when all are.</summary>
    public string? Unsupported(IReadOnlyCollection<string> supported) =>
        Requirements.FirstOrDefault(requirement => !supported.Contains(requirement.Field))?.Field;

    public bool Equals(FieldSelector? other) => other is not null && Requirements.SequenceEqual(other.Requirements);

    public override int GetHashCode() => Requirements.Count;

    public override string ToString() => string.Join(',', Requirements);

    internal static string Escape(string value) =>
        value.Replace(@"\", @"\\", StringComparison.Ordinal).Replace(",", @"\,", StringComparison.Ordinal).Replace("=", @"\=", StringComparison.Ordinal);

    private static string Find(JsonObject document, string path)
    {
        JsonNode? node = document;
        foreach (var name in path.Split('.'))
        {
            if (node is not JsonObject properties || !properties.TryGetPropertyValue(name, out node))
            {
                return "";
            }
        }

        return node.TryText(out var text) ? text : node is JsonValue value && value.GetValueKind() != JsonValueKind.Null ? value.ToJsonString() : "";
    }

    /// <summary>Splits at the commas that are not escaped.</summary>
    private static List<string> Split(string text)
    {
        var parts = new List<string>();
        var start = 0;
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] == '\\')
            {
                i++;
            }
            else if (text[i] == ',')
            {
                parts.Add(text[start..i]);
                start = i + 1;
            }
        }

        parts.Add(text[start..]);
        return parts;
    }

    /// <summary>Null when a character is escaped that needs none, or one is not that does.</summary>
    private static string? Unescape(string value)
    {
        var result = new StringBuilder(value.Length);
        for (var i = 0; i < value.Length; i++)
        {
            if (value[i] == '\\')
            {
                if (++i == value.Length || value[i] is not ('\\' or ',' or '='))
                {
                    return null;
                }
            }
            else if (value[i] == '=')
            {
                return null;
            }

            result.Append(value[i]);
        }

        return result.ToString();
    }
}
