using System.Text.Json.Nodes;
using Coxswain.Api.ApiExtensions.V1;
using Coxswain.Api.Resources;
using Coxswain.Client;

namespace Coxswain.ApiServer.Tests.CustomResources;

/// <summary>CustomResourceDefinitions as clients send them, and waiting for what becomes of them.</summary>
internal static class Definitions
{
    public const string Path = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";

    public const string Schema = """
        {"type":"object","description":"A widget.","properties":{
          "spec":{"type":"object","required":["size"],"properties":{
            "size":{"type":"integer","minimum":1},"color":{"type":"string","default":"red"},
            "ports":{"type":"array","x-kubernetes-list-type":"map","x-kubernetes-list-map-keys":["name"],
              "items":{"type":"object","required":["name"],"properties":{"name":{"type":"string"},"port":{"x-kubernetes-int-or-string":true}}}}}},
          "status":{"type":"object","properties":{"ready":{"type":"boolean"},"replicas":{"type":"integer"},"selector":{"type":"string"}}}}}
        """;

    public static string Version(string name, bool storage = true, bool served = true, string schema = Schema, string more = "") => $$"""
        {"name":"{{name}}","served":{{(served ? "true" : "false")}},"storage":{{(storage ? "true" : "false")}},"schema":{"openAPIV3Schema":{{schema}}}{{more}} }
        """;

    public static string Body(string versions, string plural = "widgets", string kind = "Widget", string more = "", string scope = "Namespaced") => $$"""
        {"apiVersion":"apiextensions.k8s.io/v1","kind":"CustomResourceDefinition","metadata":{"name":"{{plural}}.example.com"},
         "spec":{"group":"example.com","scope":"{{scope}}","names":{"plural":"{{plural}}","kind":"{{kind}}","shortNames":["{{plural[..2]}}"],"categories":["all"]},
                 "versions":[{{versions}}]{{more}} } }
        """;

    public static string Object(string name, string spec, string version = "v1", string kind = "Widget") => $$"""
        {"apiVersion":"example.com/{{version}}","kind":"{{kind}}","metadata":{"name":"{{name}}"},"spec":{{spec}} }
        """;

    /// <summary>Creates a definition and returns when it says that it is established.</summary>
    public static async Task EstablishAsync(TestServer server, string body)
    {
        (await server.PostAsync(Path, body)).Expect(201);
        var name = (string)JsonNode.Parse(body)!["metadata"]!["name"]!;
        await WaitAsync(server, name, definition => IsTrue(definition, "Established"));
    }

    public static bool IsTrue(CustomResourceDefinition? definition, string type) =>
        definition?.Status.Conditions.Any(condition => condition.Type == type && condition.Status == "True") == true;

    /// <summary>Returns when the definition is as wanted; null stands for one that is gone.</summary>
    public static async Task WaitAsync(TestServer server, string name, Func<CustomResourceDefinition?, bool> wanted)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        var resource = ApiResources.Of<CustomResourceDefinition>();
        var selector = $"metadata.name={name}";
        var list = await server.Admin.ListAsync<CustomResourceDefinition>(resource, null, new ListQuery { FieldSelector = selector }, patience.Token);
        if (wanted(list.Items is [var first, ..] ? first : null))
        {
            return;
        }

        await foreach (var item in server.Admin.WatchAsync<CustomResourceDefinition>(
            resource, null, new WatchQuery(list.Metadata.ResourceVersion) { FieldSelector = selector }, patience.Token))
        {
            if (wanted(item.Type == WatchEventType.Deleted ? null : item.Object))
            {
                return;
            }
        }

        Assert.Fail($"{name} did not become what was awaited");
    }
}
