using System.Globalization;
using System.Text.Json.Nodes;
using Coxswain.Api.Errors;
using Coxswain.Api.Json;

namespace Coxswain.Api.Patch;

/// <summary>
/// A place in a document that hangs below the property <see cref="Root"/>, so that the empty pointer has a parent
/// too.
/// </summary>
internal sealed class JsonPointer
{
    public const string Root = "root";

    private JsonPointer(string text, string[] tokens)
    {
        Text = text;
        Tokens = tokens;
    }

    public string Text { get; }

    public string Last => Tokens[^1];

    /// <summary>How many levels the value at this place lies below the document's own.</summary>
    public int Depth => Tokens.Length - 1;

    private string[] Tokens { get; }

    /// <exception cref="KubeStatusException">Not a pointer.</exception>
    public static JsonPointer Parse(JsonObject operation, string property, string name)
    {
        if (!operation.TryGetPropertyValue(property, out var node) || !node.TryText(out var text))
        {
            throw PatchError.Malformed($"error decoding patch: a {name} operation needs \"{property}\"");
        }

        if (text.Length > 0 && text[0] != '/')
        {
            throw PatchError.Malformed($"error decoding patch: \"{text}\" is not a JSON pointer");
        }

        if (text.AsSpan().Count('/') > KubeJson.MaxDepth)
        {
            throw PatchError.TooDeep();
        }

        var tokens = text.Split('/').Select(token =>
            token.Replace("~1", "/", StringComparison.Ordinal).Replace("~0", "~", StringComparison.Ordinal)).ToArray();
        tokens[0] = Root;
        return new JsonPointer(text, tokens);
    }

    public bool TryFind(JsonObject document, out JsonNode? value) => TryFind(document, Tokens.Length, out value);

    public bool TryFindParent(JsonObject document, out JsonNode? parent) =>
        TryFind(document, Tokens.Length - 1, out parent);

    public bool IsAbove(JsonPointer other) => other.Text.StartsWith(Text + "/", StringComparison.Ordinal);

    public bool TryIndex(int count, out int index) => TryIndex(Last, count, out index);

    private bool TryFind(JsonObject document, int depth, out JsonNode? value)
    {
        value = document;
        foreach (var token in Tokens.AsSpan(0, depth))
        {
            switch (value)
            {
                case JsonObject properties when properties.TryGetPropertyValue(token, out var next):
                    value = next;
                    break;
                case JsonArray items when TryIndex(token, items.Count, out var index):
                    value = items[index];
                    break;
                default:
                    value = null;
                    return false;
            }
        }

        return true;
    }

    private static bool TryIndex(string token, int count, out int index) =>
        int.TryParse(token, NumberStyles.None, CultureInfo.InvariantCulture, out index) && index < count
            && (token.Length == 1 || token[0] != '0');
}
