using System.Runtime.CompilerServices;
using Coxswain.Api.Schemata;
using Coxswain.Cel.Types;

namespace Coxswain.ApiServer.PolicyStatus;

/// <summary>The types of objects as the checker of expressions knows them, from their schemas.</summary>
internal static class SchemaTypes
{
    private static readonly ConditionalWeakTable<Schema, CelType> Known = [];

    public static CelType Of(Schema schema) => schema.Type switch
    {
        SchemaType.String or SchemaType.Quantity or SchemaType.Time or SchemaType.MicroTime or SchemaType.Duration or SchemaType.Bytes => CelType.String,
        SchemaType.Boolean => CelType.Bool,
        SchemaType.Int32 or SchemaType.Int64 => CelType.Int,
        SchemaType.Double => CelType.Double,
        SchemaType.List => CelType.List(Of(schema.Item!)), // a list has items
        SchemaType.Map => CelType.Map(CelType.String, Of(schema.Item!)), // a map has values
        SchemaType.Struct when !schema.PreserveUnknownFields => Known.GetValue(schema, Struct),
        _ => CelType.Dyn,
    };

    /// <summary>Types refer to themselves, so their fields wait until somebody asks.</summary>
    private static CelType Struct(Schema schema) => CelType.Object(
        schema.TypeName.Length > 0 ? $"{schema.TypeName}#{RuntimeHelpers.GetHashCode(schema)}" : $"object#{RuntimeHelpers.GetHashCode(schema)}",
        () => schema.Fields.ToDictionary(field => field.Name, field => Of(field.Schema), StringComparer.Ordinal));
}
