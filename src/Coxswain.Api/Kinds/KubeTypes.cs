using System.Collections.Frozen;
using System.Text.Json;
using Coxswain.Api.Json;

namespace Coxswain.Api.Kinds;

/// <summary>The C# type of every kind, for readers that learn the kind at run time.</summary>
public static class KubeTypes
{
    private static readonly Lazy<FrozenDictionary<(string ApiVersion, string Kind), ReadValue<IKubeObject>>> Objects =
        new(() => KubeTypeReaders.Objects.ToFrozenDictionary(entry => (entry.Key.Item1, entry.Key.Item2), entry => entry.Value));

    private static readonly Lazy<FrozenDictionary<(string ApiVersion, string Kind), ReadValue<IKubeType>>> Others =
        new(() => KubeTypeReaders.Others.ToFrozenDictionary(entry => (entry.Key.Item1, entry.Key.Item2), entry => entry.Value));

    /// <summary>Every kind of object there is a type for.</summary>
    public static IEnumerable<ObjectKind> AllObjects => Objects.Value.Keys.Select(key => new ObjectKind(key.ApiVersion, key.Kind));

    /// <summary>Every kind without ObjectMeta: lists, options, Status.</summary>
    public static IEnumerable<ObjectKind> AllOthers => Others.Value.Keys.Select(key => new ObjectKind(key.ApiVersion, key.Kind));

    /// <summary>Whether <see cref="Read(ObjectKind, ReadOnlySpan{byte})"/> knows the kind.</summary>
    public static bool IsObject(ObjectKind kind) => Objects.Value.ContainsKey((kind.ApiVersion, kind.Kind));

    /// <summary>Reads an object whose first token the reader stands on.</summary>
    /// <exception cref="JsonException">The JSON has another shape than the type.</exception>
    /// <exception cref="ArgumentException">There is no object type of this kind.</exception>
    public static IKubeObject Read(ObjectKind kind, ref Utf8JsonReader reader) =>
        Objects.Value.TryGetValue((kind.ApiVersion, kind.Kind), out var read)
            ? read(ref reader) : throw new ArgumentException($"there is no type for {kind}", nameof(kind));

    /// <inheritdoc cref="Read(ObjectKind, ref Utf8JsonReader)"/>
    public static IKubeObject Read(ObjectKind kind, ReadOnlySpan<byte> json)
    {
        var reader = new Utf8JsonReader(json, KubeJson.ReaderOptions);
        reader.Read();
        return Read(kind, ref reader);
    }

    /// <summary>Reads a value of any kind, also those that are not objects (<c>DeleteOptions</c>, <c>PodList</c>).</summary>
    public static IKubeType ReadAny(ObjectKind kind, ReadOnlySpan<byte> json)
    {
        if (!Others.Value.TryGetValue((kind.ApiVersion, kind.Kind), out var read))
        {
            return Read(kind, json);
        }

        var reader = new Utf8JsonReader(json, KubeJson.ReaderOptions);
        reader.Read();
        return read(ref reader);
    }
}
