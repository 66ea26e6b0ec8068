using System.Text.Json;

namespace Coxswain.Api.Json;

/// <summary>A type of the Kubernetes API with its JSON codec. Every such type is immutable; change it by <c>with</c>.</summary>
public interface IKubeType
{
    /// <summary>Writes the value as one JSON object; fields that Kubernetes omits when empty are omitted.</summary>
    void Write(Utf8JsonWriter writer);
}

/// <summary>An <see cref="IKubeType"/> that can be read back.</summary>
public interface IKubeType<TSelf> : IKubeType
    where TSelf : IKubeType<TSelf>
{
    /// <summary>
    /// Reads the object the reader stands on (its first token, or null) and leaves the reader on the last token.
    /// Unknown fields are skipped.
    /// </summary>
    /// <exception cref="JsonException">The JSON has another shape than the type.</exception>
    static abstract TSelf Read(ref Utf8JsonReader reader);
}
