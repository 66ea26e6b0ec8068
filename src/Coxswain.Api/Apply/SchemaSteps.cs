using System.Text.Json.Nodes;
using Coxswain.Api.Schemata;

namespace Coxswain.Api.Apply;

/// <summary>
/// How ownership sees a value of a type: as one value, by its fields, or by its items. Where there is no schema (what a
/// custom resource keeps without naming it) objects have fields, and everything else is one value.
/// </summary>
internal static class SchemaSteps
{
    /// <param name="value">An absent or null value may be of any form.</param>
    public static ValueForm FormOf(Schema? schema, JsonNode? value)
    {
        if (schema is null || schema is { Type: SchemaType.Raw, IsStructural: true })
        {
            return value is JsonObject ? ValueForm.Fields : ValueForm.One;
        }

        return schema.Type switch
        {
            SchemaType.Struct or SchemaType.Map when !schema.Atomic && value is JsonObject or null => ValueForm.Fields,
            SchemaType.List when schema.ListType != ListType.Atomic && value is JsonArray or null => ValueForm.Items,
            _ => ValueForm.One,
        };
    }

    /// <summary>Whether everything below a value of the type is owned together with it, whatever the value is.</summary>
    public static bool IsOneValue(Schema? schema) => schema is not null && schema.Type switch
    {
        SchemaType.Struct or SchemaType.Map => schema.Atomic,
        SchemaType.List => schema.ListType == ListType.Atomic,
        SchemaType.Raw => !schema.IsStructural,
        _ => false,
    };

    /// <summary>The type of a field's value; null when it is not known.</summary>
    /// <param name="field">The field when it is one of the type's own; null for a key of a map.</param>
    public static Schema? Field(Schema? schema, string name, out SchemaField? field)
    {
        field = schema is { Type: SchemaType.Struct } ? schema.Field(name) : null;
        return field is not null ? field.Schema : schema is { Type: SchemaType.Map } ? schema.Item : null;
    }

    public static Schema? Below(Schema? schema, string element, out bool isNamed)
    {
        isNamed = false;
        if (PathElements.IsField(element))
        {
            var below = Field(schema, element[2..], out var field);
            isNamed = field is not null;
            return below;
        }

        return schema is { Type: SchemaType.List } ? schema.Item : null;
    }

    /// <summary>The elements of a list's items; null when one has none, and then the list is one value.</summary>
    public static string[]? Names(Schema list, JsonArray? items)
    {
        var names = new string[items?.Count ?? 0];
        for (var i = 0; i < names.Length; i++)
        {
            if (PathElements.OfItem(list, items![i]) is not { } name)
            {
                return null;
            }

            names[i] = name;
        }

        return names;
    }

    /// <summary>The elements that several items have; null when there are none.</summary>
    public static HashSet<string>? Repeated(string[] names)
    {
        HashSet<string>? repeated = null;
        if (names.Length > 1)
        {
            var seen = new HashSet<string>(names.Length, StringComparer.Ordinal);
            foreach (var name in names)
            {
                if (!seen.Add(name))
                {
                    (repeated ??= new HashSet<string>(StringComparer.Ordinal)).Add(name);
                }
            }
        }

        return repeated;
    }
}

internal enum ValueForm
{
    One,
    Fields,
    Items,
}
