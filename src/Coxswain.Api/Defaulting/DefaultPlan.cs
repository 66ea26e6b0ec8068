using System.Text.Json;
using System.Text.Json.Nodes;
using Coxswain.Api.Json;
using Coxswain.Api.Schemata;

namespace Coxswain.Api.Defaulting;

/// <summary>
/// What defaulting does to a value of one type: the fields to fill in, what is computed, and which fields lead to
/// types with defaults of their own. Made once a type; types that need nothing have none, so that labels, status and
/// their like are never walked.
/// </summary>
internal sealed class DefaultPlan : ISchemaPlan
{
    private static readonly Lock MakingPlans = new();

    private static readonly Lazy<JsonObject> Data = new(() =>
    {
        using var stream = typeof(DefaultPlan).Assembly.GetManifestResourceStream("defaults.json")
            ?? throw new InvalidOperationException("defaults.json is not embedded");
        return (JsonObject)JsonNode.Parse(stream)!;
    });

    /// <summary>The plan of a type that needs nothing.</summary>
    private static readonly DefaultPlan Nothing = new();

    private (SchemaField Field, JsonNode Value)[] _values = [];
    private Action<JsonObject>? _compute;
    private (SchemaField Field, DefaultPlan Plan)[] _children = [];

    public static IEnumerable<string> TypesInData => Data.Value.Select(entry => entry.Key);

    /// <summary>The plan for a struct, or for the items of a list or map; null when there is nothing to do.</summary>
    public static DefaultPlan? Of(Schema schema)
    {
        if (schema.Plan is null)
        {
            lock (MakingPlans)
            {
                Make(schema, []);
            }
        }

        return ReferenceEquals(schema.Plan, Nothing) ? null : (DefaultPlan?)schema.Plan;
    }

    /// <summary>Parents before children: a child may get its defaults from what its parent was given.</summary>
    public void Apply(JsonObject node)
    {
        foreach (var (field, value) in _values)
        {
            Fill(node, field, value);
        }

        _compute?.Invoke(node);
        foreach (var (field, plan) in _children)
        {
            if (node.TryGetPropertyValue(field.Name, out var child) && child is not null)
            {
                plan.ApplyTo(child, field.Schema);
            }
        }
    }

    /// <summary>Of what this type does, what is about one field.</summary>
    public void ApplyTo(string name, JsonObject node)
    {
        foreach (var (field, value) in _values)
        {
            if (field.Name == name)
            {
                Fill(node, field, value);
            }
        }

        foreach (var (field, plan) in _children)
        {
            if (field.Name == name && node.TryGetPropertyValue(name, out var child) && child is not null)
            {
                plan.ApplyTo(child, field.Schema);
            }
        }
    }

    private void ApplyTo(JsonNode node, Schema schema)
    {
        switch (node)
        {
            case JsonArray items when schema.Type == SchemaType.List:
                for (var i = 0; i < items.Count; i++)
                {
                    if (items[i] is { } item)
                    {
                        ApplyTo(item, schema.Item!);
                    }
                }

                break;
            case JsonObject map when schema.Type == SchemaType.Map:
                foreach (var (_, item) in map)
                {
                    if (item is not null)
                    {
                        ApplyTo(item, schema.Item!);
                    }
                }

                break;
            case JsonObject properties when schema.Type == SchemaType.Struct:
                Apply(properties);
                break;
        }
    }

    private static void Fill(JsonObject node, SchemaField field, JsonNode value)
    {
        if (!node.TryGetPropertyValue(field.Name, out var existing) || (existing is null && !field.Schema.Nullable)
            || (!field.Pointer && existing is not null && IsZero(existing)))
        {
            node[field.Name] = value.DeepClone();
        }
        else if (!field.Schema.IsStructural && existing is JsonObject target && value is JsonObject values
            && field.Schema.Type == SchemaType.Struct)
        {
            foreach (var (name, inner) in values)
            {
                Fill(target, field.Schema.Field(name)!, inner!);
            }
        }
    }

    /// <summary>A field that is not a pointer cannot tell zero from absent.</summary>
    private static bool IsZero(JsonNode node) => node switch
    {
        JsonArray items => items.Count == 0,
        JsonObject => false,
        _ => node.GetValueKind() switch
        {
            JsonValueKind.String => node.TryText(out var text) && text.Length == 0,
            JsonValueKind.Number => node.TryInteger(out var number) && number == 0,
            JsonValueKind.False => true,
            _ => false,
        },
    };

    private static DefaultPlan Make(Schema schema, HashSet<Schema> making)
    {
        if (schema.Plan is DefaultPlan made)
        {
            return made;
        }

        if (schema.Type is SchemaType.List or SchemaType.Map)
        {
            var ofItems = Make(schema.Item!, making);
            schema.Plan = ofItems;
            return ofItems;
        }

        // A type inside itself has no defaults in any API there is, so its own cycle may be cut here.
        if (schema.Type != SchemaType.Struct || !making.Add(schema))
        {
            return Nothing;
        }

        var values = Values(schema);
        var compute = DefaultHooks.Find(schema.TypeName);
        var children = schema.Fields.Select(field => (field, Make(field.Schema, making)))
            .Where(child => !ReferenceEquals(child.Item2, Nothing)).ToArray();
        making.Remove(schema);
        var plan = values.Length == 0 && compute is null && children.Length == 0
            ? Nothing
            : new DefaultPlan { _values = values, _compute = compute, _children = children };
        schema.Plan = plan;
        return plan;
    }

    private static (SchemaField Field, JsonNode Value)[] Values(Schema schema)
    {
        var data = Data.Value.Object(schema.TypeName);
        foreach (var (name, _) in data ?? [])
        {
            if (schema.Field(name) is null)
            {
                throw new InvalidOperationException($"defaults.json: {schema.TypeName} has no field {name}");
            }
        }

        return [.. schema.Fields
            .Select(field => (field, Value: data is not null && data.TryGetPropertyValue(field.Name, out var value) ? value : field.Default))
            .Where(entry => entry.Value is not null)
            .Select(entry => (entry.field, entry.Value!))];
    }
}
