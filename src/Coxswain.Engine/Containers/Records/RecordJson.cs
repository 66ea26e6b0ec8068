using System.Text.Json.Serialization;

namespace Coxswain.Engine.Containers.Records;

/// <summary>How containers and their tasks are written to disk.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    UseStringEnumConverter = true)]
[JsonSerializable(typeof(ContainerRecord))]
[JsonSerializable(typeof(TaskRecord))]
internal sealed partial class RecordJson : JsonSerializerContext;
