using System.Text.Json.Serialization;

namespace Coxswain.Engine.Networks;

/// <summary>How attachments are written to disk.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(AttachmentRecord))]
internal sealed partial class NetworkJson : JsonSerializerContext;
