using System.Globalization;
using System.Text.Json.Nodes;

namespace Coxswain.Api;

/// <summary>JSON Patch (RFC 6902).</summary>
public static class JsonPatch
{
    /// <summary>More operations than this are refused, as by Kubernetes.</summary>
    public const int MaxOperations = 10_000;

    /// <summary>The target with every operation applied, in order; the target itself is not changed.</summary>
    /// <exception cref="KubeStatusException">An operation is malformed (400) or does not fit the object (422).</exception>
    public static JsonNode? Apply(JsonNode target, JsonNode? patch)
    {
        if (patch is not JsonArray operations)
        {
            throw PatchError.Malformed("error decoding patch: a JSON patch is an array of operations");
        }

        if (operations.Count > MaxOperations)
        {
            throw new KubeStatusException(Statuses.RequestEntityTooLarge(
                $"The allowed maximum operations in a JSON patch is {MaxOperations}, got {operations.Count}"));
        }

        var document = new JsonObject { ["root"] = target.DeepClone() };
        for (var i = 0; i < operations.Count; i++)
        {
            Apply(document, operations[i] as JsonObject ?? throw PatchError.Malformed($"error decoding patch: operation {i} is not an object"));
        }

        var result = document["root"];
        document.Remove("root");
        return result;
    }

    private static void Apply(JsonObject document, JsonObject operation)
    {
        var name = operation.Text("op");
        var path = Pointer(operation, "path", name);
        switch (name)
        {
            case "add":
                Add(document, path, Value(operation, name)?.DeepClone(), name);
                break;
            case "remove":
                Remove(document, path, name);
                break;
            case "replace":
                Find(document, path, name);
                Replace(document, path, Value(operation, name)?.DeepClone(), name);
                break;
            case "move":
                var from = Pointer(operation, "from", name);
                if (path.Text.StartsWith(from.Text + "/", StringComparison.Ordinal))
                {
                    throw PatchError.DoesNotApply($"cannot move {from.Text} into its own child {path.Text}");
                }

                Add(document, path, Remove(document, from, name), name);
                break;
            case "copy":
                Add(document, path, Find(document, Pointer(operation, "from", name), name)?.DeepClone(), name);
                break;
            case "test":
                Test(document, path, Value(operation, name));
                break;
            default:
                throw PatchError.Malformed($"Unexpected kind: {(name.Length == 0 ? "unknown" : name)}");
        }
    }

    private static void Test(JsonObject document, JsonPointer path, JsonNode? expected)
    {
        // A missing value equals null, as in the library Kubernetes uses.
        var found = TryFind(document, path, out var value) ? value : null;
        if (!JsonEquality.Equal(found, expected))
        {
            throw PatchError.DoesNotApply($"testing value {path.Text} failed: test failed");
        }
    }

    private static void Add(JsonObject document, JsonPointer path, JsonNode? value, string operation)
    {
        switch (Parent(document, path, operation))
        {
            case JsonObject properties:
                properties[path.Last] = value;
                break;
            case JsonArray items:
                items.Insert(path.Last == "-" ? items.Count : Index(path, items.Count + 1, operation), value);
                break;
            default:
                throw Missing(operation, path);
        }
    }

    private static void Replace(JsonObject document, JsonPointer path, JsonNode? value, string operation)
    {
        switch (Parent(document, path, operation))
        {
            case JsonObject properties:
                properties[path.Last] = value;
                break;
            case JsonArray items:
                items[Index(path, items.Count, operation)] = value;
                break;
            default:
                throw Missing(operation, path);
        }
    }

    private static JsonNode? Remove(JsonObject document, JsonPointer path, string operation)
    {
        switch (Parent(document, path, operation))
        {
            case JsonObject properties when properties.TryGetPropertyValue(path.Last, out var value):
                properties.Remove(path.Last);
                return value;
            case JsonArray items:
                var index = Index(path, items.Count, operation);
                var item = items[index];
                items.RemoveAt(index);
                return item;
            default:
                throw Missing(operation, path);
        }
    }

    private static JsonNode? Find(JsonObject document, JsonPointer path, string operation) =>
        TryFind(document, path, out var value) ? value : throw Missing(operation, path);

    private static bool TryFind(JsonObject document, JsonPointer path, out JsonNode? value)
    {
        value = document;
        foreach (var token in path.Tokens)
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

    private static JsonNode? Parent(JsonObject document, JsonPointer path, string operation) =>
        TryFind(document, path with { Tokens = path.Tokens[..^1] }, out var parent) ? parent : throw Missing(operation, path);

    private static int Index(JsonPointer path, int count, string operation) =>
        TryIndex(path.Last, count, out var index) ? index
        : throw PatchError.DoesNotApply($"{operation} operation does not apply: {path.Text}: unable to access invalid index: {path.Last}");

    private static bool TryIndex(string token, int count, out int index) =>
        int.TryParse(token, NumberStyles.None, CultureInfo.InvariantCulture, out index) && index < count && (token.Length == 1 || token[0] != '0');

    private static KubeStatusException Missing(string operation, JsonPointer path) =>
        PatchError.DoesNotApply($"{operation} operation does not apply: doc is missing path: \"{path.Text}\": missing value");

    private static JsonNode? Value(JsonObject operation, string name) =>
        operation.TryGetPropertyValue("value", out var value) ? value
        : throw PatchError.Malformed($"error decoding patch: a {name} operation needs a value");

    private static JsonPointer Pointer(JsonObject operation, string property, string name)
    {
        if (!operation.TryGetPropertyValue(property, out var node) || !node.TryText(out var text))
        {
            throw PatchError.Malformed($"error decoding patch: a {name} operation needs \"{property}\"");
        }

        if (text.Length > 0 && text[0] != '/')
        {
            throw PatchError.Malformed($"error decoding patch: \"{text}\" is not a JSON pointer");
        }

        var tokens = text.Split('/').Select(token =>
            token.Replace("~1", "/", StringComparison.Ordinal).Replace("~0", "~", StringComparison.Ordinal)).ToArray();

        // The document hangs below a root, so that the empty pointer has a parent too.
        tokens[0] = "root";
        return new JsonPointer(text, tokens);
    }

    private readonly record struct JsonPointer(string Text, string[] Tokens)
    {
        public string Last => Tokens[^1];
    }
}
