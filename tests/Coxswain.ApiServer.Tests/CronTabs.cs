using System.Text.Json.Nodes;
using Coxswain.Api.Resources;
using Coxswain.Api.Schemata;
using Coxswain.ApiServer.Resources;

namespace Coxswain.ApiServer.Tests;

/// <summary>A kind that has a schema and no C# type, registered while the server runs.</summary>
internal static class CronTabs
{
    public const string Path = "/apis/stable.example.com/v1/namespaces/default/crontabs";

    private const string Schema = """
        {
          "type": "object", "description": "A schedule in the old style.",
          "properties": {
            "spec": {
              "type": "object", "required": ["cronSpec"], "description": "What to run, and when.",
              "properties": {
                "cronSpec": {"type": "string", "pattern": "^[0-9*/, ]+$", "description": "Five fields."},
                "replicas": {"type": "integer", "minimum": 1, "maximum": 10, "default": 1},
                "nested": {"type": "object", "properties": {"free": {"type": "object", "x-kubernetes-preserve-unknown-fields": true}}}
              }
            },
            "status": {"type": "object", "properties": {"ready": {"type": "boolean"}}}
          }
        }
        """;

    public static ApiResource Resource { get; } = new("stable.example.com", "v1", "crontabs", "CronTab", Namespaced: true)
    {
        ShortNames = ["ct"],
        Verbs = ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"],
        Subresources = [new ApiSubresource("status", "CronTab", null, null, ["get", "patch", "update"])],
    };

    public static void Register(ApiServerHost host)
    {
        var schema = JsonNode.Parse(Schema)!.AsObject();
        host.Catalogue.Change(catalogue => catalogue.With(
            [new ServedResource(Resource, StructuralSchema.ReadRoot(schema), ResourceRules.Default) { OpenApiSchema = schema }]));
    }

    public static void TakeAway(ApiServerHost host) => host.Catalogue.Change(catalogue => catalogue.Without(Resource.Group, Resource.Plural));

    public static string Body(string name, string spec = """{"cronSpec":"* * * * */5"}""") => $$$"""
        {"apiVersion":"stable.example.com/v1","kind":"CronTab","metadata":{"name":"{{{name}}}","labels":{"app":"c"}},"spec":{{{spec}}} }
        """;
}
