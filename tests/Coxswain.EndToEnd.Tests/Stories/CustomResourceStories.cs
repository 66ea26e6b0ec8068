using Coxswain.EndToEnd.Tests.Infrastructure;

namespace Coxswain.EndToEnd.Tests.Stories;

/// <summary>A kind of one's own, from its definition to its end, with the kubectl of 2020 and of today.</summary>
[Collection(ClusterCollection.Name)]
public class CustomResourceStories(Cluster cluster)
{
    [Theory]
    [InlineData("old")]
    [InlineData("new")]
    public async Task CustomResource_FromItsDefinitionToItsEnd(string version)
    {
        await using var ns = await cluster.CreateNamespaceAsync("custom");
        var kubectl = ns.Kubectl(version);
        var apiGroup = $"{version}.stories.example.com";
        (await kubectl.ApplyAsync(Definition(apiGroup))).Succeeded();
        try
        {
            (await kubectl.RunAsync("wait", "--for=condition=Established", $"crd/boats.{apiGroup}", "--timeout=30s")).Succeeded();
            Assert.Contains("How many may sit in it.", await kubectl.ReadAsync("explain", "boats.spec.seats", $"--api-version={apiGroup}/v1"), StringComparison.Ordinal);
            (await kubectl.ApplyAsync(Boat(apiGroup, "seats: 4"))).Succeeded();
            var columns = (await kubectl.ReadAsync("get", "boats." + apiGroup)).Split('\n');
            Assert.Equal("NAME SEATS COLOUR", string.Join(" ", columns[0].Split(' ', StringSplitOptions.RemoveEmptyEntries)));
            Assert.Equal("dinghy 4 white", string.Join(" ", columns[1].Split(' ', StringSplitOptions.RemoveEmptyEntries)));
            (await kubectl.ApplyAsync(Boat(apiGroup, "seats: 6"))).Succeeded();
            Assert.Equal("6 2", await kubectl.FieldAsync($"boats.{apiGroup} dinghy", "{.spec.seats} {.metadata.generation}"));
            var tooFew = await kubectl.ApplyAsync(Boat(apiGroup, "seats: 0"));
            Assert.Contains("spec.seats", tooFew.Error, StringComparison.Ordinal);
            Assert.Equal(1, tooFew.ExitCode);
            var mistyped = await kubectl.ApplyAsync(Boat(apiGroup, "seets: 4"));
            Assert.Equal(1, mistyped.ExitCode);
            Assert.Contains("seets", mistyped.Error, StringComparison.Ordinal);
        }
        finally
        {
            (await kubectl.RunAsync("delete", "crd", $"boats.{apiGroup}", "--timeout=60s")).Succeeded();
        }

        Assert.NotEqual(0, (await kubectl.RunAsync("get", "boats." + apiGroup)).ExitCode);
    }

    private static string Boat(string apiGroup, string spec) => $$"""
        apiVersion: {{apiGroup}}/v1
        kind: Boat
        metadata: {name: dinghy}
        spec: { {{spec}} }
        """;

    private static string Definition(string apiGroup) => $$"""
        apiVersion: apiextensions.k8s.io/v1
        kind: CustomResourceDefinition
        metadata: {name: boats.{{apiGroup}} }
        spec:
          group: {{apiGroup}}
          scope: Namespaced
          names: {plural: boats, singular: boat, kind: Boat}
          versions:
          - name: v1
            served: true
            storage: true
            additionalPrinterColumns:
            - {name: Seats, type: integer, jsonPath: .spec.seats}
            - {name: Colour, type: string, jsonPath: .spec.colour}
            schema:
              openAPIV3Schema:
                type: object
                properties:
                  spec:
                    type: object
                    required: [seats]
                    properties:
                      seats: {type: integer, minimum: 1, description: How many may sit in it.}
                      colour: {type: string, default: white}
        """;
}
