using System.Text.Json.Nodes;
using Coxswain.Api.Json;

namespace Coxswain.Api.Defaulting;

/// <summary>Setting what is absent.</summary>
internal static class DefaultValues
{
    public static void SetDefault(this JsonObject node, string name, string value)
    {
        if (node.Text(name).Length == 0 && (!node.TryGetPropertyValue(name, out var existing) || existing is null || existing.TryText(out _)))
        {
            node[name] = JsonValue.Create(value);
        }
    }

    public static void SetDefault(this JsonObject node, string name, long value)
    {
        if (!node.TryGetPropertyValue(name, out var existing) || existing is null)
        {
            node[name] = JsonValue.Create(value);
        }
    }

    public static void SetDefault(this JsonObject node, string name, bool value)
    {
        if (!node.TryGetPropertyValue(name, out var existing) || existing is null)
        {
            node[name] = JsonValue.Create(value);
        }
    }

    /// <summary>Copies the entries of one map that another lacks.</summary>
    public static void Copy(this JsonObject node, string from, string to)
    {
        if (node.Object(from) is not { Count: > 0 } source)
        {
            return;
        }

        var target = node.ObjectOrNew(to);
        foreach (var (name, value) in source)
        {
            if (!target.ContainsKey(name))
            {
                target[name] = value?.DeepClone();
            }
        }
    }
}
