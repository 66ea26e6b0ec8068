using System.Text.Json.Nodes;
using Coxswain.Api.Json;
using Coxswain.ApiServer.Documents;

namespace Coxswain.ApiServer.CustomResources;

/// <summary>Reads and writes the conditions of a definition's status.</summary>
internal static class DefinitionConditions
{
    public const string NamesAccepted = "NamesAccepted";
    public const string Established = "Established";
    public const string Terminating = "Terminating";

    public static bool IsTrue(JsonObject definition, string type) => Find(definition, type)?.Text("status") == "True";

    /// <summary>Sets a condition; its time is that of the last change of its status.</summary>
    /// <param name="now">As documents write times.</param>
    public static void Set(JsonObject definition, string type, bool isTrue, string reason, string message, string now)
    {
        var status = isTrue ? "True" : "False";
        if (Find(definition, type) is not { } condition)
        {
            condition = new JsonObject { ["type"] = type };
            definition.ObjectOrNew("status").Items("conditions").Add(condition);
        }

        if (condition.Text("status") != status)
        {
            condition["lastTransitionTime"] = now;
        }

        condition["status"] = status;
        condition["reason"] = reason;
        condition["message"] = message;
    }

    private static JsonObject? Find(JsonObject definition, string type) => (definition.Object("status")?.Array("conditions") ?? [])
        .OfType<JsonObject>().FirstOrDefault(condition => condition.Text("type") == type);
}
