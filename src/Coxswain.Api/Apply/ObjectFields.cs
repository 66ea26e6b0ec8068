using System.Text.Json.Nodes;
using Coxswain.Api.Schemata;

namespace Coxswain.Api.Apply;

/// <summary>Which fields a configuration says something about: its leaves, its list items and the keys of its maps.</summary>
public sealed class ObjectFields
{
    private readonly FieldSetBuilder _result = new();
    private readonly List<string> _path = [];

    private ObjectFields()
    {
    }

    public static FieldSet Of(JsonObject document, Schema schema)
    {
        var walk = new ObjectFields();
        walk.VisitFields(document, schema);
        return walk._result.Build();
    }

    private void Visit(JsonNode? value, Schema? schema)
    {
        switch (SchemaSteps.FormOf(schema, value))
        {
            case ValueForm.Fields when value is JsonObject properties:
                VisitFields(properties, schema);
                break;
            case ValueForm.Items when value is JsonArray items:
                VisitItems(items, schema!); // a list has a type
                break;
            case ValueForm.One:
                _result.Insert(_path);
                break;
        }
    }

    private void VisitFields(JsonObject properties, Schema? schema)
    {
        foreach (var (name, value) in properties)
        {
            var below = SchemaSteps.Field(schema, name, out var field);
            _path.Add(field?.PathElement ?? PathElements.Field(name));
            Visit(value, below);

            // A key of a map is said as well as what it holds; a field only when it holds nothing.
            if (field is null || value is null or JsonObject { Count: 0 })
            {
                _result.Insert(_path);
            }

            _path.RemoveAt(_path.Count - 1);
        }
    }

    private void VisitItems(JsonArray items, Schema schema)
    {
        if (SchemaSteps.Names(schema, items) is not { } names)
        {
            _result.Insert(_path);
            return;
        }

        var repeated = SchemaSteps.Repeated(names);
        for (var i = 0; i < names.Length; i++)
        {
            _path.Add(names[i]);

            // Items of one name cannot be told apart below it.
            if (repeated?.Contains(names[i]) != true)
            {
                Visit(items[i], schema.Item);
            }

            _result.Insert(_path);
            _path.RemoveAt(_path.Count - 1);
        }
    }
}
