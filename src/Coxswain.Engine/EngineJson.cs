using System.Text.Json;
using System.Text.Json.Serialization;
using Coxswain.Engine.Containers;
using Coxswain.Engine.Containers.Oci;
using Coxswain.Engine.Networks;

namespace Coxswain.Engine;

/// <summary>How what we keep on disk, and what runc reads, is written.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    UseStringEnumConverter = true)]
[JsonSerializable(typeof(ContainerRecord))]
[JsonSerializable(typeof(RuntimeSpec))]
[JsonSerializable(typeof(OciProcess))]
[JsonSerializable(typeof(AttachmentRecord))]
[JsonSerializable(typeof(IReadOnlyList<string>))]
internal sealed partial class EngineJson : JsonSerializerContext
{
    /// <summary>Replaces a file in one step: a reader, or a crash, sees the old or the new one.</summary>
    public static async Task WriteAsync<T>(
        string path, T value, System.Text.Json.Serialization.Metadata.JsonTypeInfo<T> type, CancellationToken cancellationToken)
    {
        var temporary = path + ".new";
        await File.WriteAllBytesAsync(temporary, JsonSerializer.SerializeToUtf8Bytes(value, type), cancellationToken);
        File.Move(temporary, path, overwrite: true);
    }
}
