using System.Text.Json.Nodes;
using Coxswain.Api.Schemata;

namespace Coxswain.Api.Defaulting;

/// <summary>Fills in what the sender left out, as Kubernetes does before it stores an object.</summary>
public static class ObjectDefaulting
{
    /// <summary>Changes the document in place: an absent field gets its default, then its own fields theirs.</summary>
    public static void Apply(JsonObject document, Schema schema) => DefaultPlan.Of(schema)?.Apply(document);

    /// <summary>The same for one of the object's fields, and all below it.</summary>
    public static void ApplyTo(string field, JsonObject document, Schema schema) => DefaultPlan.Of(schema)?.ApplyTo(field, document);
}
