using System.Text.Json.Nodes;
using Coxswain.Api.Schemata;

namespace Coxswain.Api.Apply;

/// <summary>Which fields a configuration says something about: its leaves, its list items and the keys of its maps.</summary>
public sealed class ObjectFields
{
    private readonly FieldSetStack _result = new();

    private ObjectFields()
    {
    }

    public static FieldSet Of(JsonObject document, Schema schema)
    {
        var walk = new ObjectFields();
        walk.VisitFields(document, schema);
        return walk._result.Finish();
    }

    /// <returns>Whether the value itself is said.</returns>
    private bool Visit(JsonNode? value, Schema? schema)
    {
        switch (SchemaSteps.FormOf(schema, value))
        {
            case ValueForm.Fields when value is JsonObject properties:
                VisitFields(properties, schema);
                return false;
            case ValueForm.Items when value is JsonArray items:
                return VisitItems(items, schema!); // a list has a type
            case var form:
                return form == ValueForm.One;
        }
    }

    private void VisitFields(JsonObject properties, Schema? schema)
    {
        foreach (var (name, value) in properties)
        {
            var below = SchemaSteps.Field(schema, name, out var field);
            var mark = _result.Mark;

            // A key of a map is said as well as what it holds; a field only when it holds nothing.
            var isSaid = Visit(value, below) || field is null || value is null or JsonObject { Count: 0 };
            _result.Close(mark, field?.PathElement ?? PathElements.Field(name), isSaid);
        }
    }

    private bool VisitItems(JsonArray items, Schema schema)
    {
        if (SchemaSteps.Names(schema, items) is not { } names)
        {
            return true;
        }

        var repeated = SchemaSteps.Repeated(names);
        for (var i = 0; i < names.Length; i++)
        {
            var mark = _result.Mark;

            // Items of one name cannot be told apart below it.
            if (repeated?.Contains(names[i]) != true)
            {
                Visit(items[i], schema.Item);
            }

            _result.Close(mark, names[i], isMember: true);
        }

        return false;
    }
}
