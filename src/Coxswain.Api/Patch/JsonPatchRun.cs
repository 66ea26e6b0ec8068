using System.Text;
using System.Text.Json.Nodes;
using Coxswain.Api.Errors;
using Coxswain.Api.Json;

namespace Coxswain.Api.Patch;

/// <summary>
/// The operations of one patch, one after the other on one copy of the document, within the bounds of
/// <see cref="JsonPatch"/>.
/// </summary>
internal sealed class JsonPatchRun(JsonNode target)
{
    /// <summary>How many items of a list are pushed aside in the time of one step.</summary>
    private const int ItemsPerStep = 64;

    private readonly JsonObject _document = new() { [JsonPointer.Root] = target.DeepClone() };
    private long _copied;
    private long _steps;

    /// <summary>The document, which is the caller's from here on.</summary>
    public JsonNode? Finish()
    {
        var result = _document[JsonPointer.Root];
        _document.Remove(JsonPointer.Root);
        return result;
    }

    public void Apply(JsonObject operation)
    {
        var name = operation.Text("op");
        var path = JsonPointer.Parse(operation, "path", name);
        switch (name)
        {
            case "add":
                Add(path, Value(operation, name)?.DeepClone(), name);
                break;
            case "remove":
                Remove(path, name);
                break;
            case "replace":
                Find(path, name);
                Replace(path, Value(operation, name)?.DeepClone(), name);
                break;
            case "move":
                Move(JsonPointer.Parse(operation, "from", name), path, name);
                break;
            case "copy":
                var source = Find(JsonPointer.Parse(operation, "from", name), name);
                CountCopy(source);
                Add(path, source?.DeepClone(), name);
                break;
            case "test":
                Test(path, Value(operation, name));
                break;
            default:
                throw PatchError.Malformed($"Unexpected kind: {(name.Length == 0 ? "unknown" : name)}");
        }
    }

    private void Move(JsonPointer from, JsonPointer path, string operation)
    {
        if (from.IsAbove(path))
        {
            throw PatchError.DoesNotApply($"cannot move {from.Text} into its own child {path.Text}");
        }

        Add(path, Remove(from, operation), operation);
    }

    private void Test(JsonPointer path, JsonNode? expected)
    {
        // A missing value equals null, as in the library Kubernetes uses.
        var found = path.TryFind(_document, out var value) ? value : null;
        if (!JsonEquality.Equal(found, expected))
        {
            throw PatchError.DoesNotApply($"testing value {path.Text} failed: test failed");
        }
    }

    private void Add(JsonPointer path, JsonNode? value, string operation)
    {
        CheckDepth(path, value);
        switch (Parent(path, operation))
        {
            case JsonObject properties:
                properties[path.Last] = value;
                break;
            case JsonArray items:
                var index = path.Last == "-" ? items.Count : Index(path, items.Count + 1, operation);
                Spend((items.Count - index) / ItemsPerStep);
                items.Insert(index, value);
                break;
            default:
                throw Missing(operation, path);
        }
    }

    private void Replace(JsonPointer path, JsonNode? value, string operation)
    {
        CheckDepth(path, value);
        switch (Parent(path, operation))
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

    private JsonNode? Remove(JsonPointer path, string operation)
    {
        switch (Parent(path, operation))
        {
            case JsonObject properties when properties.TryGetPropertyValue(path.Last, out var value):
                Spend(properties.Count / ItemsPerStep);
                properties.Remove(path.Last);
                return value;
            case JsonArray items:
                var index = Index(path, items.Count, operation);
                var item = items[index];
                Spend((items.Count - index) / ItemsPerStep);
                items.RemoveAt(index);
                return item;
            default:
                throw Missing(operation, path);
        }
    }

    private JsonNode? Find(JsonPointer path, string operation) =>
        path.TryFind(_document, out var value) ? value : throw Missing(operation, path);

    private JsonNode? Parent(JsonPointer path, string operation) =>
        path.TryFindParent(_document, out var parent) ? parent : throw Missing(operation, path);

    private void CountCopy(JsonNode? value)
    {
        _copied += Size(value, JsonPatch.MaxCopiedBytes - _copied);
        if (_copied > JsonPatch.MaxCopiedBytes)
        {
            throw PatchError.DoesNotApply(
                $"Unable to complete the copy, the accumulated size increase of copy is {_copied}, "
                + $"exceeding the limit {JsonPatch.MaxCopiedBytes}");
        }
    }

    private void CheckDepth(JsonPointer path, JsonNode? value)
    {
        if (path.Depth + Depth(value) > KubeJson.MaxDepth)
        {
            throw PatchError.TooDeep();
        }
    }

    private int Depth(JsonNode? value)
    {
        Spend(1);
        var deepest = 0;
        switch (value)
        {
            case JsonObject properties:
                foreach (var (_, child) in properties)
                {
                    deepest = Math.Max(deepest, child is JsonObject or JsonArray ? Depth(child) : 0);
                }

                Spend(properties.Count / ItemsPerStep);
                return deepest + 1;
            case JsonArray items:
                foreach (var child in items)
                {
                    deepest = Math.Max(deepest, child is JsonObject or JsonArray ? Depth(child) : 0);
                }

                Spend(items.Count / ItemsPerStep);
                return deepest + 1;
            default:
                return 0;
        }
    }

    private void Spend(int steps)
    {
        _steps += steps;
        if (_steps > JsonPatch.MaxSteps)
        {
            throw new KubeStatusException(
                Statuses.RequestEntityTooLarge($"the JSON patch needs more than {JsonPatch.MaxSteps} steps"));
        }
    }

    /// <summary>About how many bytes a value has as JSON; counting stops once there are more than asked for.</summary>
    private static long Size(JsonNode? value, long enough)
    {
        long size = 2;
        switch (value)
        {
            case JsonObject properties:
                foreach (var (name, child) in properties)
                {
                    size += Encoding.UTF8.GetByteCount(name) + 4 + (size > enough ? 0 : Size(child, enough - size));
                    if (size > enough)
                    {
                        break;
                    }
                }

                return size;
            case JsonArray items:
                foreach (var child in items)
                {
                    size += 1 + Size(child, enough - size);
                    if (size > enough)
                    {
                        break;
                    }
                }

                return size;
            default:
                return value.TryText(out var text) ? Encoding.UTF8.GetByteCount(text) + 2
                    : value?.ToJsonString().Length ?? 4;
        }
    }

    private static int Index(JsonPointer path, int count, string operation) =>
        path.TryIndex(count, out var index) ? index
        : throw PatchError.DoesNotApply(
            $"{operation} operation does not apply: {path.Text}: unable to access invalid index: {path.Last}");

    private static KubeStatusException Missing(string operation, JsonPointer path) =>
        PatchError.DoesNotApply(
            $"{operation} operation does not apply: doc is missing path: \"{path.Text}\": missing value");

    private static JsonNode? Value(JsonObject operation, string name) =>
        operation.TryGetPropertyValue("value", out var value) ? value
        : throw PatchError.Malformed($"error decoding patch: a {name} operation needs a value");
}
