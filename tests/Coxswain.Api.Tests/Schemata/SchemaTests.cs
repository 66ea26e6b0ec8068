using System.Text;
using System.Text.Json.Nodes;
using Coxswain.Api.Decoding;
using Coxswain.Api.Json;
using Coxswain.Api.Kinds;
using Coxswain.Api.Schemata;

namespace Coxswain.Api.Tests;

public class SchemaTests
{
    public static TheoryData<string, string> AllKinds()
    {
        var data = new TheoryData<string, string>();
        foreach (var kind in KubeTypes.AllObjects.Concat(KubeTypes.AllOthers)
            .OrderBy(kind => kind.ToString(), StringComparer.Ordinal))
        {
            data.Add(kind.ApiVersion, kind.Kind);
        }

        return data;
    }

    [Theory]
    [MemberData(nameof(AllKinds))]
    public void Codec_FullObjectOfTheSchema_RoundTrips(string apiVersion, string name)
    {
        var kind = new ObjectKind(apiVersion, name);
        var schema = Schemas.Find(kind);
        Assert.NotNull(schema);
        var full = (JsonObject)FullObject.Of(schema);
        full["apiVersion"] = apiVersion;
        full["kind"] = name;
        var json = Encoding.UTF8.GetBytes(full.ToJsonString());

        // The decoder accepts what the schema says and changes nothing in it.
        var decoded = ObjectDecoder.Decode(json, kind, FieldValidation.Strict).Document;
        AssertSame(full, decoded, name);

        // The typed codec loses nothing.
        var written = JsonNode.Parse(KubeJson.Serialize(KubeTypes.ReadAny(kind, json)));
        AssertSame(full, written, name);
    }

    [Fact]
    public void AllStructs_EveryFacts_ResolveTheirFields()
    {
        var types = Schemas.AllStructs().ToList();

        Assert.True(types.Count > 700, $"{types.Count} types");
        Assert.All(types,
            type => Assert.Equal(type.Fields.Count, type.Fields.Select(field => field.Name).Distinct().Count()));
    }

    [Theory]
    [InlineData("v1", "Binding")]
    [InlineData("autoscaling/v1", "Scale")]
    [InlineData("v1", "DeleteOptions")]
    [InlineData("policy/v1", "DeleteOptions")]
    [InlineData("v1", "Status")]
    [InlineData("authentication.k8s.io/v1", "TokenRequest")]
    [InlineData("policy/v1", "Eviction")]
    public void Find_KindsThatAreNoResource_AreKnown(string apiVersion, string kind) =>
        Assert.NotNull(Schemas.Find(new(apiVersion, kind)));

    [Theory]
    [InlineData("v1", "PodSpec")]
    [InlineData("v1", "Nothing")]
    [InlineData("example.com/v1", "Pod")]
    public void Find_WhatIsNoKind_IsNull(string apiVersion, string kind) =>
        Assert.Null(Schemas.Find(new(apiVersion, kind)));

    [Fact]
    public void Fields_ListSemantics_ComeFromTheFacts()
    {
        var containers = Schemas.FindType("core/v1.PodSpec")!.Field("containers")!.Schema;

        Assert.Equal(ListType.Map, containers.ListType);
        Assert.Equal(["name"], containers.ListMapKeys);
        Assert.Equal(PatchStrategy.Merge, containers.PatchStrategy);
        Assert.Equal("name", containers.PatchMergeKey);
        Assert.Contains("Always", Schemas.FindType("core/v1.Container")!.Field("imagePullPolicy")!.Schema.Enum);
        Assert.NotNull(Schemas.FindType("core/v1.Volume")!.Field("emptyDir"));
    }

    private static void AssertSame(JsonNode? expected, JsonNode? actual, string path)
    {
        switch (expected, actual)
        {
            case (JsonObject left, JsonObject right):
                Assert.True(left.Select(p => p.Key).Order().SequenceEqual(right.Select(p => p.Key).Order()),
                    $"{path}: {string.Join(",", left.Select(p => p.Key).Except(right.Select(p => p.Key)))} missing, " +
                    $"{string.Join(",", right.Select(p => p.Key).Except(left.Select(p => p.Key)))} added");
                foreach (var (name, value) in left)
                {
                    AssertSame(value, right[name], $"{path}.{name}");
                }

                break;
            case (JsonArray left, JsonArray right):
                Assert.True(left.Count == right.Count, $"{path}: {left.Count} items became {right.Count}");
                for (var i = 0; i < left.Count; i++)
                {
                    AssertSame(left[i], right[i], $"{path}[{i}]");
                }

                break;
            default:
                Assert.True(JsonEquality.Equal(expected, actual),
                    $"{path}: {expected?.ToJsonString()} became {actual?.ToJsonString()}");
                break;
        }
    }

    [Fact]
    public void Descriptions_AreOfTypesAndFieldsThatThereAre()
    {
        var types = Schemas.AllStructs().ToLookup(schema => schema.TypeName[(schema.TypeName.LastIndexOf('.') + 1)..], StringComparer.Ordinal);
        var unknown = SchemaDescriptions.All.Where(section => !section.Key.StartsWith('*'))
            .SelectMany(section => section.Value.Append("").Where(field => field.Length == 0
                ? !types.Contains(section.Key) : !types[section.Key].Any(schema => schema.Field(field) is not null))
                .Select(field => $"{section.Key}.{field}"));

        Assert.Empty(unknown);
    }

    [Theory]
    [InlineData("v1", "Pod")]
    [InlineData("apps/v1", "Deployment")]
    [InlineData("apps/v1", "StatefulSet")]
    [InlineData("apps/v1", "DaemonSet")]
    [InlineData("batch/v1", "Job")]
    [InlineData("batch/v1", "CronJob")]
    [InlineData("v1", "Service")]
    [InlineData("networking.k8s.io/v1", "Ingress")]
    [InlineData("v1", "PersistentVolumeClaim")]
    [InlineData("v1", "ConfigMap")]
    [InlineData("v1", "Secret")]
    [InlineData("rbac.authorization.k8s.io/v1", "ClusterRole")]
    [InlineData("apps/v1beta1", "Deployment")]
    public void Descriptions_OfTheKindsThatPeopleUse_SayWhatTheyAndTheirSpecsAreFor(string apiVersion, string name)
    {
        var schema = Schemas.Find(new ObjectKind(apiVersion, name))!;

        Assert.NotEmpty(SchemaDescriptions.Of(schema));
        Assert.NotEmpty(SchemaDescriptions.Of(schema, "metadata"));
        Assert.All(schema.Field("spec")?.Schema.Fields ?? [], field =>
            Assert.True(SchemaDescriptions.Of(schema.Field("spec")!.Schema, field.Name).Length > 0
                || field.Name is "schedulingGroup" or "hostnameOverride" or "volumeAttributesClassName" or "rollbackTo", field.Name));
    }
}
