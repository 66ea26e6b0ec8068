using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Coxswain.Testing.Fuzzing;

/// <summary>
/// Changes JSON so that it stays JSON: values of other types, moved, repeated, missing and unknown properties,
/// nesting.
/// </summary>
public static class JsonMutator
{
    private static readonly string[] Scalars =
    [
        "null", "true", "false", "0", "-1", "1.5", "2147483648", "9223372036854775807", "-9223372036854775808",
        "1e300", "\"\"", "\"a\"", "\"0\"", "\"100m\"", "\"1e9\"", "\"-1s\"",
        "\"2026-01-01T00:00:00Z\"", "\"%\"", "\"/\"", "\"~1\"", "\"\\u0000\"", "\"é\"", "{}", "[]", "[null]",
        "{\"\":null}", "{\"$patch\":\"delete\"}", "{\"$patch\":\"replace\"}",
        "{\"$retainKeys\":[]}", "{\"$setElementOrder/containers\":[]}", "{\"a\":{\"a\":{\"a\":[[[[]]]]}}}",
    ];

    /// <summary>Null when the input is no JSON.</summary>
    public static byte[]? Mutate(byte[] input, Random random)
    {
        JsonNode? root;
        try
        {
            root = JsonNode.Parse(input);
            for (var changes = 1 + random.Next(4); changes > 0; changes--)
            {
                root = Change(root, random);
            }

            return Encoding.UTF8.GetBytes(root?.ToJsonString() ?? "null");
        }
        catch (Exception exception) when (exception is JsonException or ArgumentException or InvalidOperationException)
        {
            // Duplicate keys and bad UTF-8 show only where they are touched.
            return null;
        }
    }

    private static JsonNode? Change(JsonNode? root, Random random)
    {
        var containers = new List<JsonNode>();
        Collect(root, containers);
        if (containers.Count == 0)
        {
            return Scalar(random);
        }

        switch (containers[random.Next(containers.Count)])
        {
            case JsonObject properties:
                ChangeObject(properties, containers, random);
                break;
            case JsonArray items:
                ChangeArray(items, containers, random);
                break;
        }

        return root;
    }

    private static void ChangeObject(JsonObject properties, List<JsonNode> containers, Random random)
    {
        var name = properties.Count == 0 ? "" : properties.ElementAt(random.Next(properties.Count)).Key;
        switch (random.Next(6))
        {
            case 0:
                properties.Remove(name);
                break;
            case 1 or 2:
                properties[name] = Scalar(random);
                break;
            case 3:
                properties[name] = containers[random.Next(containers.Count)].DeepClone();
                break;
            case 4:
                properties[random.Next(4) switch { 0 => "", 1 => "unknown", 2 => "$patch", _ => name + "x" }] =
                    Scalar(random);
                break;
            default:
                var value = properties[name]?.DeepClone();
                properties[name] = random.Next(2) == 0 ? new JsonArray(value) : new JsonObject { [name] = value };
                break;
        }
    }

    private static void ChangeArray(JsonArray items, List<JsonNode> containers, Random random)
    {
        var at = random.Next(items.Count + 1);
        switch (random.Next(5))
        {
            case 0 when at < items.Count:
                items.RemoveAt(at);
                break;
            case 1 when at < items.Count:
                items.Add(items[at]?.DeepClone());
                break;
            case 2 when at < items.Count:
                items[at] = Scalar(random);
                break;
            case 3:
                items.Insert(at, containers[random.Next(containers.Count)].DeepClone());
                break;
            default:
                items.Insert(at, Scalar(random));
                break;
        }
    }

    private static JsonNode? Scalar(Random random) => JsonNode.Parse(Scalars[random.Next(Scalars.Length)]);

    private static void Collect(JsonNode? node, List<JsonNode> containers)
    {
        if (node is JsonObject properties)
        {
            containers.Add(node);
            foreach (var (_, child) in properties)
            {
                Collect(child, containers);
            }
        }
        else if (node is JsonArray items)
        {
            containers.Add(node);
            foreach (var child in items)
            {
                Collect(child, containers);
            }
        }
    }
}
