using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Coxswain.Api.Json;
using Coxswain.Api.Schemata;

namespace Coxswain.Api.Apply;

/// <summary>
/// The steps of a path through an object, in the words of FieldsV1: <c>f:NAME</c> a field, <c>k:{...}</c> the item of a list
/// with these keys, <c>v:VALUE</c> an item of a set, <c>i:N</c> the item at an index. Texts of one element are equal, so that
/// strings can be compared for them.
/// </summary>
internal static class PathElements
{
    public static string Field(string name) => "f:" + name;

    public static bool IsField(string element) => element[0] == 'f';

    /// <summary>The name of a field's element.</summary>
    public static ReadOnlySpan<char> NameOf(string element) => element.AsSpan(2);

    /// <summary>
    /// The element of a list's item; null when the item has none: it lacks every key, or is no scalar in a set.
    /// </summary>
    public static string? OfItem(Schema list, JsonNode? item)
    {
        if (list.ListType == ListType.Set)
        {
            return item is JsonValue value && Scalar(value) is { } text ? "v:" + text : null;
        }

        if (item is not JsonObject properties)
        {
            return null;
        }

        StringBuilder? several = null;
        string? single = null;
        foreach (var key in Sorted(list.ListMapKeys))
        {
            var node = properties.TryGetPropertyValue(key, out var given) ? given : list.Item?.Field(key)?.Default;
            if (node is not JsonValue scalar || Scalar(scalar) is not { } text)
            {
                if (node is null)
                {
                    continue;
                }

                return null;
            }

            if (single is null && list.ListMapKeys.Count == 1)
            {
                return $"k:{{{Quote(key)}:{text}}}";
            }

            if (single is null)
            {
                single = $"{Quote(key)}:{text}";
            }
            else
            {
                several ??= new StringBuilder(single);
                several.Append(',').Append(Quote(key)).Append(':').Append(text);
            }
        }

        return single is null ? null : $"k:{{{(several is null ? single : several.ToString())}}}";
    }

    /// <summary>Fields before keys before values before indexes.</summary>
    public static int Compare(string left, string right)
    {
        if (left[0] == right[0])
        {
            return string.CompareOrdinal(left, right);
        }

        return Rank(left[0]).CompareTo(Rank(right[0]));
    }

    /// <summary>The one text of an element that was written by somebody else; null when it is of no kind that is known.</summary>
    /// <exception cref="FormatException">It is of a known kind and not well formed.</exception>
    public static string? Canonical(string element)
    {
        if (element.Length < 2 || element[1] != ':')
        {
            throw new FormatException($"path element \"{element}\" has no kind");
        }

        switch (element[0])
        {
            case 'f':
                return element;
            case 'v':
                return Parse(element) is JsonValue value && Scalar(value) is { } text
                    ? "v:" + text : throw new FormatException($"path element \"{element}\" is not a scalar");
            case 'i':
                return int.TryParse(element.AsSpan(2), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out _)
                    ? element : throw new FormatException($"path element \"{element}\" is not an index");
            case 'k':
                if (Parse(element) is not JsonObject { Count: > 0 } keys)
                {
                    throw new FormatException($"path element \"{element}\" has no keys");
                }

                return $"k:{{{string.Join(',', keys.OrderBy(key => key.Key, StringComparer.Ordinal).Select(key => $"{Quote(key.Key)}:{Key(element, key.Value)}"))}}}";
            default:
                return null;
        }
    }

    /// <summary>As messages show it: <c>.spec</c>, <c>[name="web"]</c>, <c>[="a"]</c>, <c>[3]</c>.</summary>
    public static string Display(string element) => element[0] switch
    {
        'f' => string.Concat(".", NameOf(element)),
        'k' => $"[{string.Join(',', ((JsonObject)Parse(element)!).Select(key => $"{key.Key}={key.Value?.ToJsonString(Plain)}"))}]", // was well formed
        'v' => $"[={NameOf(element)}]",
        _ => $"[{NameOf(element)}]",
    };

    private static readonly JsonSerializerOptions Plain = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private static string Key(string element, JsonNode? value) => value is JsonValue scalar && Scalar(scalar) is { } text
        ? text : throw new FormatException($"path element \"{element}\" has a key that is not a scalar");

    private static JsonNode? Parse(string element)
    {
        try
        {
            return JsonNode.Parse(element[2..], nodeOptions: null, new JsonDocumentOptions { AllowDuplicateProperties = false, MaxDepth = 4 });
        }
        catch (JsonException exception)
        {
            throw new FormatException($"path element \"{element}\" is not JSON: {exception.Message}", exception);
        }
    }

    private static int Rank(char kind) => kind switch { 'f' => 0, 'k' => 1, 'v' => 2, _ => 3 };

    /// <summary>The one JSON text of a scalar; null for null.</summary>
    private static string? Scalar(JsonValue value)
    {
        if (value.TryText(out var text))
        {
            return Quote(text);
        }

        if (value.TryInteger(out var integer))
        {
            return integer.ToString(CultureInfo.InvariantCulture);
        }

        return value.GetValueKind() switch
        {
            JsonValueKind.True => "true",
            JsonValueKind.False => "false",
            JsonValueKind.Number when value.TryNumber(out var number) => number.ToString("R", CultureInfo.InvariantCulture),
            _ => null,
        };
    }

    private static string Quote(string text)
    {
        foreach (var character in text)
        {
            if (character is < ' ' or '"' or '\\' or > '~')
            {
                return $"\"{JsonEncodedText.Encode(text, JavaScriptEncoder.UnsafeRelaxedJsonEscaping)}\"";
            }
        }

        return $"\"{text}\"";
    }

    private static IReadOnlyList<string> Sorted(IReadOnlyList<string> keys)
    {
        for (var i = 1; i < keys.Count; i++)
        {
            if (string.CompareOrdinal(keys[i - 1], keys[i]) > 0)
            {
                return [.. keys.Order(StringComparer.Ordinal)];
            }
        }

        return keys;
    }
}
