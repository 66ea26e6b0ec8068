using System.Runtime.InteropServices;
using System.Text.Json;
using Coxswain.Api.Json;
using Coxswain.Api.Meta.V1;

namespace Coxswain.Api.Kinds;

/// <summary>
/// An object of any kind: its metadata typed, all else as the JSON it came as. For kinds without a C# type, and for those
/// who treat every kind alike.
/// </summary>
/// <param name="Content">The whole object as it was read; what it says of kind and metadata is not written again.</param>
public sealed record KubeObject(ObjectKind Kind, ObjectMeta Metadata, JsonElement Content) : IKubeObject<KubeObject>
{
    /// <summary>None: each object says its own.</summary>
    public static ObjectKind ObjectKind { get; } = new("", "");

    public static KubeObject Read(ref Utf8JsonReader reader)
    {
        var content = JsonElement.ParseValue(ref reader);
        if (content.ValueKind != JsonValueKind.Object)
        {
            throw new JsonException("an object begins with {");
        }

        var metadata = content.TryGetProperty("metadata", out var meta) && meta.ValueKind == JsonValueKind.Object
            ? KubeJson.Deserialize<ObjectMeta>(JsonMarshal.GetRawUtf8Value(meta)) : ObjectMeta.Empty;
        return new KubeObject(new ObjectKind(Text(content, "apiVersion"), Text(content, "kind")), metadata, content);
    }

    public KubeObject WithMetadata(ObjectMeta metadata) => this with { Metadata = metadata };

    public void Write(Utf8JsonWriter writer)
    {
        writer.WriteStartObject();
        Kind.Write(writer);
        writer.WritePropertyName("metadata"u8);
        Metadata.Write(writer);
        foreach (var property in Content.ValueKind == JsonValueKind.Object ? Content.EnumerateObject() : default)
        {
            if (property.Name is not ("kind" or "apiVersion" or "metadata"))
            {
                property.WriteTo(writer);
            }
        }

        writer.WriteEndObject();
    }

    private static string Text(JsonElement content, string name) =>
        content.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString()! : "";
}
