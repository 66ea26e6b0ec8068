using System.Text.Json.Serialization;

namespace Coxswain.Engine.Snapshots;

[JsonSerializable(typeof(IReadOnlyList<string>))]
internal sealed partial class SnapshotJson : JsonSerializerContext;
