using System.Text;
using System.Text.Json.Nodes;

namespace Coxswain.Api.Schemata;

/// <summary>One field of a struct.</summary>
public sealed class SchemaField
{
    public SchemaField(string name, Schema schema)
    {
        Name = name;
        Schema = schema;
        Utf8Name = Encoding.UTF8.GetBytes(name);
        PathElement = "f:" + name;
    }

    public string Name { get; }

    public Schema Schema { get; }

    /// <summary>Left out of JSON when empty.</summary>
    public bool Optional { get; init; }

    /// <summary>Absent and zero differ.</summary>
    public bool Pointer { get; init; }

    /// <summary>The value of an absent field; null when it has none. Shared: clone before use.</summary>
    public JsonNode? Default { get; init; }

    /// <summary>
    /// The strategies of a strategic merge patch as OpenAPI writes them (<c>merge,retainKeys</c>); null when there
    /// are none.
    /// </summary>
    public string? PatchStrategies { get; init; }

    /// <summary>The field's number in protobuf; 0 when the type has no such form.</summary>
    public int ProtoNumber { get; init; }

    internal byte[] Utf8Name { get; }

    /// <summary>The field as a step of a path, as FieldsV1 writes it.</summary>
    internal string PathElement { get; }

    public override string ToString() => $"{Name}: {Schema}";
}
