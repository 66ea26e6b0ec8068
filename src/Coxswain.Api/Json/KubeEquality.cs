using System.Text.Json;

namespace Coxswain.Api.Json;

/// <summary>Equality by content for the collections inside API types; absent and empty are the same, as in Go.</summary>
public static class KubeEquality
{
    public static bool Equal(ReadOnlyMemory<byte> left, ReadOnlyMemory<byte> right) => left.Span.SequenceEqual(right.Span);

    public static bool Equal(JsonElement? left, JsonElement? right) =>
        left is { } l && right is { } r ? JsonElement.DeepEquals(l, r) : left is null && right is null;

    public static bool Equal<T>(IReadOnlyList<T> left, IReadOnlyList<T> right, Func<T, T, bool> equal)
    {
        if (ReferenceEquals(left, right))
        {
            return true;
        }

        if (left.Count != right.Count)
        {
            return false;
        }

        for (var i = 0; i < left.Count; i++)
        {
            if (!equal(left[i], right[i]))
            {
                return false;
            }
        }

        return true;
    }

    public static bool Equal<T>(IReadOnlyDictionary<string, T> left, IReadOnlyDictionary<string, T> right, Func<T, T, bool> equal)
    {
        if (ReferenceEquals(left, right))
        {
            return true;
        }

        if (left.Count != right.Count)
        {
            return false;
        }

        foreach (var (key, value) in left)
        {
            if (!right.TryGetValue(key, out var other) || !equal(value, other))
            {
                return false;
            }
        }

        return true;
    }
}
