using System.Text.Json.Nodes;

namespace Coxswain.Api.Schemata;

/// <summary>
/// What a value must keep beyond its type, in OpenAPI's words. Each applies to the JSON it speaks of and passes over
/// other JSON: <see cref="MinLength"/> means strings, <see cref="Required"/> objects.
/// </summary>
public sealed record SchemaConstraints
{
    public static readonly SchemaConstraints None = new();

    /// <summary>The properties an object must have.</summary>
    public IReadOnlyList<string> Required { get; init; } = [];

    public double? Minimum { get; init; }

    public bool ExclusiveMinimum { get; init; }

    public double? Maximum { get; init; }

    public bool ExclusiveMaximum { get; init; }

    public double? MultipleOf { get; init; }

    /// <summary>In characters, as Unicode counts them.</summary>
    public long? MinLength { get; init; }

    public long? MaxLength { get; init; }

    public SchemaPattern? Pattern { get; init; }

    /// <summary>A known format is checked, an unknown one means nothing.</summary>
    public string Format { get; init; } = "";

    /// <summary>The values allowed; empty when any is.</summary>
    public IReadOnlyList<JsonNode?> Enum { get; init; } = [];

    public long? MinItems { get; init; }

    public long? MaxItems { get; init; }

    public bool UniqueItems { get; init; }

    public long? MinProperties { get; init; }

    public long? MaxProperties { get; init; }

    public IReadOnlyList<Schema> AllOf { get; init; } = [];

    public IReadOnlyList<Schema> AnyOf { get; init; } = [];

    public IReadOnlyList<Schema> OneOf { get; init; } = [];

    public Schema? Not { get; init; }
}
