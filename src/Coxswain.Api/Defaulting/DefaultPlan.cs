using System.Text.Json.Nodes;

namespace Coxswain.Api;

/// <summary>What defaulting does to a value of one type; types that need nothing have none.</summary>
internal sealed class DefaultPlan
{
    public static DefaultPlan? Of(Schema schema) => null;

    public void Apply(JsonNode node)
    {
    }
}
