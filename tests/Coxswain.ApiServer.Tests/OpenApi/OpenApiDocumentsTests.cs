using System.Text;
using System.Text.Json;
using Coxswain.Api;
using Coxswain.ApiServer.Conversion;
using Coxswain.ApiServer.OpenApi;
using Coxswain.ApiServer.Resources;
using Google.Protobuf;

namespace Coxswain.ApiServer.Tests.OpenApi;

public class OpenApiDocumentsTests
{
    private readonly OpenApiDocuments _documents = new(BuiltInCatalogue.Make(new Dictionary<string, ResourceRules>(), OtherVersions.All).All, "v1.36.0");

    [Fact]
    public void V2_EveryReference_IsDefined()
    {
        using var document = JsonDocument.Parse(_documents.V2Json);
        var definitions = document.RootElement.GetProperty("definitions");

        var missing = References(document.RootElement).Select(reference => reference["#/definitions/".Length..])
            .Where(name => !definitions.TryGetProperty(name, out _));

        Assert.Empty(missing.Distinct());
    }

    [Fact]
    public void V3_EveryGroupVersionOfTheIndex_HasADocumentWithAllItRefersTo()
    {
        using var index = JsonDocument.Parse(_documents.V3Index());
        foreach (var path in index.RootElement.GetProperty("paths").EnumerateObject())
        {
            using var document = JsonDocument.Parse(_documents.V3(path.Name)!.Value);
            var schemas = document.RootElement.GetProperty("components").GetProperty("schemas");

            var missing = References(document.RootElement).Select(reference => reference["#/components/schemas/".Length..])
                .Where(name => !schemas.TryGetProperty(name, out _));

            Assert.Empty(missing.Distinct());
        }
    }

    [Fact]
    public void V3_Deployment_SaysHowItsListsMergeAndThatFieldsAreValidated()
    {
        using var document = JsonDocument.Parse(_documents.V3("apis/apps/v1")!.Value);
        var schemas = document.RootElement.GetProperty("components").GetProperty("schemas");
        var containers = schemas.GetProperty("io.k8s.api.core.v1.PodSpec").GetProperty("properties").GetProperty("containers");
        var patch = document.RootElement.GetProperty("paths").GetProperty("/apis/apps/v1/namespaces/{namespace}/deployments/{name}").GetProperty("patch");

        Assert.Equal("name", containers.GetProperty("x-kubernetes-patch-merge-key").GetString());
        Assert.Equal("Deployment", patch.GetProperty("x-kubernetes-group-version-kind").GetProperty("kind").GetString());
        Assert.Contains(patch.GetProperty("parameters").EnumerateArray(), parameter => parameter.GetProperty("name").GetString() == "fieldValidation");
    }

    [Fact]
    public void V2Protobuf_Definitions_AreThoseOfTheJson()
    {
        using var document = JsonDocument.Parse(_documents.V2Json);
        var expected = document.RootElement.GetProperty("definitions").EnumerateObject().Select(definition => definition.Name);

        Assert.Equal(expected, DefinitionNames(_documents.V2Protobuf.ToArray()));
    }

    /// <summary>Document.definitions (9), each a NamedSchema (1) with its name (1).</summary>
    private static IEnumerable<string> DefinitionNames(byte[] document) =>
        Fields(document, 9).SelectMany(definitions => Fields(definitions, 1)).Select(named => Encoding.UTF8.GetString(Fields(named, 1).Single()));

    private static List<byte[]> Fields(byte[] message, int number)
    {
        var found = new List<byte[]>();
        using var input = new CodedInputStream(message);
        for (var tag = input.ReadTag(); tag != 0; tag = input.ReadTag())
        {
            if (WireFormat.GetTagFieldNumber(tag) == number)
            {
                found.Add(input.ReadBytes().ToByteArray());
            }
            else
            {
                input.SkipLastField();
            }
        }

        return found;
    }

    private static IEnumerable<string> References(JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.Object => element.EnumerateObject().SelectMany(property =>
            property.Name == "$ref" && property.Value.ValueKind == JsonValueKind.String ? [property.Value.GetString()!] : References(property.Value)),
        JsonValueKind.Array => element.EnumerateArray().SelectMany(References),
        _ => [],
    };
}
