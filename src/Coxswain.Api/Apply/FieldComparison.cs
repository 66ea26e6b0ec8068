using System.Text.Json.Nodes;
using Coxswain.Api.Json;
using Coxswain.Api.Schemata;

namespace Coxswain.Api.Apply;

/// <summary>Which fields differ between two forms of an object.</summary>
/// <param name="Changed">What was added or has another value.</param>
/// <param name="Removed">What is there no more.</param>
public sealed record FieldComparison(FieldSet Changed, FieldSet Removed)
{
    public bool IsSame => Changed.IsEmpty && Removed.IsEmpty;

    public static FieldComparison Of(JsonObject before, JsonObject after, Schema schema)
    {
        var walk = new Walk();
        walk.CompareFields(Side.Of(before), Side.Of(after), schema);
        return new FieldComparison(walk.Changed.Build(), walk.Removed.Build());
    }

    /// <summary>
    /// A value on one side. What a Go type always writes (a struct that is no pointer, a list that is not optional) is there
    /// although the document does not have it.
    /// </summary>
    private readonly record struct Side(bool IsThere, JsonNode? Value)
    {
        public static readonly Side Absent = new(false, null);

        public static Side Of(JsonNode? value) => new(true, value);

        public Side Field(string name, SchemaField? field)
        {
            if (Value is JsonObject properties && properties.TryGetPropertyValue(name, out var value))
            {
                return new Side(true, value);
            }

            return new Side(IsThere && field is not null && IsAlwaysWritten(field), null);
        }

        private static bool IsAlwaysWritten(SchemaField field) => !field.Schema.IsStructural && field.Schema.Type switch
        {
            SchemaType.Struct => !field.Pointer && !field.Schema.Atomic,
            SchemaType.List or SchemaType.Map => !field.Optional,
            _ => false,
        };
    }

    private sealed class Walk
    {
        private readonly List<string> _path = [];

        public FieldSetBuilder Changed { get; } = new();

        public FieldSetBuilder Removed { get; } = new();

        public void CompareFields(in Side before, in Side after, Schema? schema)
        {
            if (after.Value is JsonObject news)
            {
                foreach (var (name, value) in news)
                {
                    var below = SchemaSteps.Field(schema, name, out var field);
                    CompareField(name, field, before.Field(name, field), Side.Of(value), below);
                }
            }

            if (before.Value is JsonObject olds)
            {
                var newer = after.Value as JsonObject;
                foreach (var (name, value) in olds)
                {
                    if (newer?.ContainsKey(name) != true)
                    {
                        var below = SchemaSteps.Field(schema, name, out var field);
                        CompareField(name, field, Side.Of(value), after.Field(name, field), below);
                    }
                }
            }
        }

        private void CompareField(string name, SchemaField? field, in Side before, in Side after, Schema? schema)
        {
            _path.Add(field?.PathElement ?? PathElements.Field(name));
            Compare(before, after, schema);
            _path.RemoveAt(_path.Count - 1);
        }

        private void Compare(in Side before, in Side after, Schema? schema)
        {
            var form = SchemaSteps.FormOf(schema, after.IsThere ? after.Value : before.Value);
            if (before.Value is not null && after.Value is not null && SchemaSteps.FormOf(schema, before.Value) is var was && was != form)
            {
                // It is something else now: nothing of what it held is left.
                Compare(before, Side.Absent, schema);
                Changed.Insert(_path);
                return;
            }

            if (form == ValueForm.One || (IsEmpty(before.Value) && IsEmpty(after.Value)))
            {
                CompareWhole(before, after);
                return;
            }

            if (form == ValueForm.Fields)
            {
                CompareFields(before, after, schema);
            }
            else if (!CompareItems(before.Value as JsonArray, after.Value as JsonArray, schema!)) // a list has a type
            {
                CompareWhole(before, after);
                return;
            }

            if (!before.IsThere)
            {
                Changed.Insert(_path);
            }
            else if (!after.IsThere)
            {
                Removed.Insert(_path);
            }
        }

        private void CompareWhole(in Side before, in Side after)
        {
            if (!after.IsThere)
            {
                Removed.Insert(_path);
            }
            else if (!before.IsThere || !(JsonEquality.Equal(before.Value, after.Value) || (IsEmpty(before.Value) && IsEmpty(after.Value))))
            {
                Changed.Insert(_path);
            }
        }

        /// <returns>False when the items have no names.</returns>
        private bool CompareItems(JsonArray? before, JsonArray? after, Schema schema)
        {
            if (before?.Count == after?.Count && before!.Zip(after!).All(pair => JsonEquality.Equal(pair.First, pair.Second)))
            {
                return true;
            }

            if (SchemaSteps.Names(schema, before) is not { } oldNames || SchemaSteps.Names(schema, after) is not { } newNames)
            {
                return false;
            }

            var olds = ByName(oldNames, before);
            var news = ByName(newNames, after);
            foreach (var name in newNames.Concat(oldNames.Where(name => !news.ContainsKey(name))).Distinct())
            {
                _path.Add(name);
                CompareItem(olds.GetValueOrDefault(name) ?? [], news.GetValueOrDefault(name) ?? [], schema.Item);
                _path.RemoveAt(_path.Count - 1);
            }

            return true;
        }

        /// <summary>Items of one name are one value together.</summary>
        private void CompareItem(List<JsonNode?> before, List<JsonNode?> after, Schema? schema)
        {
            var (old, current) = (before.Count == 1 ? Side.Of(before[0]) : Side.Absent, after.Count == 1 ? Side.Of(after[0]) : Side.Absent);
            if (old.IsThere || current.IsThere)
            {
                Compare(old, current, schema);
            }

            if (before.Count > 1 && after.Count > 1)
            {
                if (before.Count != after.Count || !before.Zip(after).All(pair => JsonEquality.Equal(pair.First, pair.Second)))
                {
                    Changed.Insert(_path);
                }
            }
            else if (after.Count > 1)
            {
                Changed.Insert(_path);
            }
            else if (before.Count > 1 && after.Count == 0)
            {
                Removed.Insert(_path);
            }
        }

        private static Dictionary<string, List<JsonNode?>> ByName(string[] names, JsonArray? items)
        {
            var result = new Dictionary<string, List<JsonNode?>>(names.Length, StringComparer.Ordinal);
            for (var i = 0; i < names.Length; i++)
            {
                if (!result.TryGetValue(names[i], out var same))
                {
                    result.Add(names[i], same = []);
                }

                same.Add(items![i]); // it gave the names
            }

            return result;
        }

        private static bool IsEmpty(JsonNode? value) => value is null or JsonObject { Count: 0 } or JsonArray { Count: 0 };
    }
}
