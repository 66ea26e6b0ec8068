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

    /// <param name="among">Which of the objects' own fields are looked at; null for all.</param>
    public static FieldComparison Of(JsonObject before, JsonObject after, Schema schema, Func<string, bool>? among = null)
    {
        var walk = new Walk();
        walk.CompareFields(Side.Of(before), Side.Of(after), schema, among);
        return new FieldComparison(walk.Changed.Finish(), walk.Removed.Finish());
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
        public FieldSetStack Changed { get; } = new();

        public FieldSetStack Removed { get; } = new();

        public void CompareFields(in Side before, in Side after, Schema? schema, Func<string, bool>? among = null)
        {
            if (after.Value is JsonObject news)
            {
                foreach (var (name, value) in news)
                {
                    if (among?.Invoke(name) == false)
                    {
                        continue;
                    }

                    var below = SchemaSteps.Field(schema, name, out var field);
                    CompareAt(field?.PathElement ?? PathElements.Field(name), before.Field(name, field), Side.Of(value), below);
                }
            }

            if (before.Value is JsonObject olds)
            {
                var newer = after.Value as JsonObject;
                foreach (var (name, value) in olds)
                {
                    if (newer?.ContainsKey(name) != true && among?.Invoke(name) != false)
                    {
                        var below = SchemaSteps.Field(schema, name, out var field);
                        CompareAt(field?.PathElement ?? PathElements.Field(name), Side.Of(value), after.Field(name, field), below);
                    }
                }
            }
        }

        private void CompareAt(string element, in Side before, in Side after, Schema? schema)
        {
            var (changed, removed) = (Changed.Mark, Removed.Mark);
            var difference = Compare(before, after, schema);
            Close(element, changed, removed, difference);
        }

        private void Close(string element, int changed, int removed, Difference difference)
        {
            Changed.Close(changed, element, difference.HasFlag(Difference.Changed));
            Removed.Close(removed, element, difference.HasFlag(Difference.Removed));
        }

        /// <returns>How the value itself differs; what differs below it is on the stacks.</returns>
        private Difference Compare(in Side before, in Side after, Schema? schema)
        {
            var form = SchemaSteps.FormOf(schema, after.IsThere ? after.Value : before.Value);
            if (before.Value is not null && after.Value is not null && SchemaSteps.FormOf(schema, before.Value) is var was && was != form)
            {
                // It is something else now: nothing of what it held is left.
                return Compare(before, Side.Absent, schema) | Difference.Changed;
            }

            if (form == ValueForm.One || (IsEmpty(before.Value) && IsEmpty(after.Value)))
            {
                return CompareWhole(before, after);
            }

            if (form == ValueForm.Fields)
            {
                CompareFields(before, after, schema);
            }
            else if (!CompareItems(before.Value as JsonArray, after.Value as JsonArray, schema!)) // a list has a type
            {
                return CompareWhole(before, after);
            }

            return !before.IsThere ? Difference.Changed : !after.IsThere ? Difference.Removed : Difference.None;
        }

        private static Difference CompareWhole(in Side before, in Side after) => !after.IsThere ? Difference.Removed
            : !before.IsThere || !(JsonEquality.Equal(before.Value, after.Value) || (IsEmpty(before.Value) && IsEmpty(after.Value)))
                ? Difference.Changed : Difference.None;

        /// <returns>False when the items have no names.</returns>
        private bool CompareItems(JsonArray? before, JsonArray? after, Schema schema)
        {
            if (AreEqual(before, after))
            {
                return true;
            }

            if (SchemaSteps.Names(schema, before) is not { } oldNames || SchemaSteps.Names(schema, after) is not { } newNames)
            {
                return false;
            }

            if (SchemaSteps.Repeated(oldNames) is null && SchemaSteps.Repeated(newNames) is null && (oldNames.Length == 0 || newNames.Length == 0 || oldNames.AsSpan().SequenceEqual(newNames)))
            {
                // The items stand side by side.
                for (var i = 0; i < Math.Max(oldNames.Length, newNames.Length); i++)
                {
                    CompareAt(
                        i < newNames.Length ? newNames[i] : oldNames[i], i < oldNames.Length ? Side.Of(before![i]) : Side.Absent,
                        i < newNames.Length ? Side.Of(after![i]) : Side.Absent, schema.Item); // they gave the names
                }

                return true;
            }

            var olds = ByName(oldNames, before);
            var news = ByName(newNames, after);
            foreach (var name in newNames.Concat(oldNames.Where(name => !news.ContainsKey(name))).Distinct())
            {
                CompareNamed(name, olds.GetValueOrDefault(name) ?? [], news.GetValueOrDefault(name) ?? [], schema.Item);
            }

            return true;
        }

        /// <summary>Items of one name are one value together.</summary>
        private void CompareNamed(string name, List<JsonNode?> before, List<JsonNode?> after, Schema? schema)
        {
            var (changed, removed) = (Changed.Mark, Removed.Mark);
            var difference = Difference.None;
            var (old, current) = (before.Count == 1 ? Side.Of(before[0]) : Side.Absent, after.Count == 1 ? Side.Of(after[0]) : Side.Absent);
            if (old.IsThere || current.IsThere)
            {
                difference = Compare(old, current, schema);
            }

            if (after.Count > 1)
            {
                if (before.Count != after.Count || !before.Zip(after).All(pair => JsonEquality.Equal(pair.First, pair.Second)))
                {
                    difference |= Difference.Changed;
                }
            }
            else if (before.Count > 1 && after.Count == 0)
            {
                difference |= Difference.Removed;
            }

            Close(name, changed, removed, difference);
        }

        private static bool AreEqual(JsonArray? before, JsonArray? after)
        {
            if (before is null || after is null || before.Count != after.Count)
            {
                return false;
            }

            for (var i = 0; i < before.Count; i++)
            {
                if (!JsonEquality.Equal(before[i], after[i]))
                {
                    return false;
                }
            }

            return true;
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

    [Flags]
    private enum Difference
    {
        None = 0,
        Changed = 1,
        Removed = 2,
    }
}
