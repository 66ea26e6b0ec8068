using System.Text.Json.Nodes;
using Coxswain.Api.Apply;
using Coxswain.Api.Json;
using Coxswain.Api.Schemata;
using FsCheck;
using FsCheck.Fluent;

namespace Coxswain.Api.Tests.Apply;

/// <summary>What holds whatever is applied, in whatever order.</summary>
public class ApplyPropertyTests
{
    private static readonly Schema Schema = StructuralSchema.ReadRoot(JsonNode.Parse("""
        {"type":"object","properties":{
          "a":{"type":"integer"},"b":{"type":"string"},
          "set":{"type":"array","x-kubernetes-list-type":"set","items":{"type":"string"}},
          "whole":{"type":"array","items":{"type":"integer"}},
          "map":{"type":"object","additionalProperties":{"type":"integer"}},
          "items":{"type":"array","x-kubernetes-list-type":"map","x-kubernetes-list-map-keys":["k"],
            "items":{"type":"object","properties":{"k":{"type":"string"},"v":{"type":"integer"},"w":{"type":"integer"}}}}}}
        """)!.AsObject());

    private static readonly Gen<JsonObject> Configurations =
        from a in Gen.Choose(0, 3)
        from b in Gen.Choose(0, 2)
        from set in Gen.SubListOf<string>(["p", "q", "r"])
        from whole in Gen.Choose(0, 2)
        from keys in Gen.SubListOf<string>(["x", "y", "z"])
        from names in Gen.SubListOf<string>(["i", "j", "l"])
        from values in Gen.Choose(0, 2).ArrayOf(12)
        select Make(a, b, set, whole, keys, names, values);

    [Fact]
    public void Apply_Twice_IsTheSameAsOnce() => ForAll((first, second, configuration) =>
    {
        var owners = Started(first, second);
        owners.Apply("me", configuration, force: true);
        var (live, managed) = ((JsonObject)owners.Live.DeepClone(), owners.Managed);
        owners.Apply("me", configuration, force: true);
        return JsonEquality.Equal(live, owners.Live) && managed.HasSameFields(owners.Managed);
    });

    [Fact]
    public void Apply_Configuration_IsThenSaidByTheObject() => ForAll((first, second, configuration) =>
    {
        var owners = Started(first, second);
        owners.Apply("me", configuration, force: true);
        var said = FieldSelection.Extract(owners.Live, ObjectFields.Of(configuration, Schema), Schema);
        return FieldComparison.Of(configuration, said, Schema).IsSame;
    });

    [Fact]
    public void Apply_Unforced_LeavesWhatOthersOwn() => ForAll((first, second, configuration) =>
    {
        var owners = Started(first, second);
        var before = owners.Managed.Entries.ToDictionary(entry => entry.Manager.Name, entry => FieldSelection.Extract(owners.Live, entry.Fields, Schema));
        owners.Apply("me", configuration, force: false);
        return owners.Managed.Entries.Where(entry => entry.Manager.Name != "me").All(entry =>
            FieldComparison.Of(before[entry.Manager.Name], FieldSelection.Extract(owners.Live, entry.Fields, Schema), Schema).IsSame
            && before.Count == owners.Managed.Entries.Count(other => other.Manager.Name != "me"));
    });

    [Fact]
    public void Apply_OfNothingAfterwards_TakesItAllBack() => ForAll((first, second, configuration) =>
    {
        var owners = Started(first, second);
        var before = (JsonObject)owners.Live.DeepClone();
        var result = owners.Apply("me", configuration, force: false);
        if (result.Document is null)
        {
            return true;
        }

        owners.Apply("me", Make(0, 0, [], 0, [], [], new int[12]), force: false);
        return FieldComparison.Of(before, owners.Live, Schema).IsSame && owners.Managed.Entries.All(entry => entry.Manager.Name != "me");
    });

    [Fact]
    public void Apply_WithoutConflicts_IsIndependentOfOrder() => ForAll((first, second, third) =>
    {
        var (one, other) = (new Run(), new Run());
        if (one.Apply("a", first).Document is null || one.Apply("b", second).Document is null || one.Apply("c", third).Document is null)
        {
            return true;
        }

        foreach (var (manager, configuration) in new[] { ("c", third), ("a", first), ("b", second) })
        {
            if (other.Apply(manager, configuration).Document is null)
            {
                return false;
            }
        }

        // The order of items is the one thing that remembers who came first.
        return FieldComparison.Of(one.Live, other.Live, Schema).IsSame && one.Managed.HasSameFields(other.Managed);
    });

    [Fact]
    public void Extract_WhatAnObjectSays_IsTheObject() => ForAll((first, second, configuration) =>
        JsonEquality.Equal(configuration, FieldSelection.Extract(configuration, ObjectFields.Of(configuration, Schema).WithNamedFields(Schema), Schema)));

    private static Run Started(JsonObject first, JsonObject second)
    {
        var run = new Run();
        run.Apply("a", first);
        run.Apply("b", second, force: true);
        return run;
    }

    private static void ForAll(Func<JsonObject, JsonObject, JsonObject, bool> property) => Prop.ForAll(
        Arb.From(from a in Configurations from b in Configurations from c in Configurations select (a, b, c)),
        three => property(three.a, three.b, three.c)).Check(Config.QuickThrowOnFailure.WithMaxTest(500));

    private static JsonObject Make(int a, int b, IEnumerable<string> set, int whole, IEnumerable<string> keys, IEnumerable<string> names, int[] values)
    {
        var result = new JsonObject { ["apiVersion"] = "x/v1", ["kind"] = "X", ["metadata"] = new JsonObject { ["name"] = "x" } };
        if (a > 0)
        {
            result["a"] = a;
        }

        if (b > 0)
        {
            result["b"] = $"b{b}";
        }

        if (set.Any())
        {
            result["set"] = new JsonArray([.. set.Select(item => JsonValue.Create(item))]);
        }

        if (whole > 0)
        {
            result["whole"] = new JsonArray(whole, whole);
        }

        if (keys.Any())
        {
            result["map"] = new JsonObject(keys.Select((key, i) => KeyValuePair.Create(key, (JsonNode?)values[i])));
        }

        if (names.Any())
        {
            result["items"] = new JsonArray([.. names.Select((name, i) =>
            {
                var item = new JsonObject { ["k"] = name };
                if (values[3 + i] > 0)
                {
                    item["v"] = values[3 + i];
                }

                if (values[6 + i] > 0)
                {
                    item["w"] = values[6 + i];
                }

                return item;
            })]);
        }

        return result;
    }

    private sealed class Run : IObjectVersions
    {
        public JsonObject Live { get; private set; } = [];

        public ManagedFields Managed { get; private set; } = ManagedFields.None;

        public ApplyResult Apply(string manager, JsonObject configuration, bool force = false)
        {
            var result = new FieldOwnership(Schema, this, set => set, "2026-01-01T00:00:00Z").Apply(
                Managed, Live, configuration, new FieldManager(manager, true, "x/v1"), force);
            if (result.Document is not null)
            {
                (Live, Managed) = (result.Document, result.Managed);
            }

            return result;
        }

        public Schema? SchemaOf(string apiVersion) => apiVersion == "x/v1" ? Schema : null;

        public JsonObject Convert(JsonObject document, string from, string to) => throw new InvalidOperationException("there is one version");
    }
}
