using System.Text.Json.Serialization;

namespace Coxswain.Engine.Containers.Oci;

/// <summary>How what runc reads is written.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    UseStringEnumConverter = true)]
[JsonSerializable(typeof(RuntimeSpec))]
[JsonSerializable(typeof(OciProcess))]
[JsonSerializable(typeof(SeccompProfileData))]
internal sealed partial class OciJson : JsonSerializerContext;
