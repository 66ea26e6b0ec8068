using System.Text;
using Coxswain.Api.Decoding;
using Coxswain.Api.Defaulting;
using Coxswain.Api.Errors;
using Coxswain.Api.Kinds;
using Coxswain.Api.Schemata;
using Coxswain.Api.Validation;
using FsCheck;
using FsCheck.Fluent;

namespace Coxswain.Api.Tests;

public class ObjectDecoderTests
{
    private static readonly ObjectKind DeploymentKind = new("apps/v1", "Deployment");
    private static readonly ObjectKind PodKind = new("v1", "Pod");

    [Theory]
    [InlineData("""{"spec":{"replicas":"x"}}""", "json: cannot unmarshal string into Go struct field DeploymentSpec.spec.replicas of type int32")]
    [InlineData("""{"spec":{"replicas":1.5}}""", "json: cannot unmarshal number 1.5 into Go struct field DeploymentSpec.spec.replicas of type int32")]
    [InlineData("""{"spec":{"replicas":3000000000}}""", "json: cannot unmarshal number 3000000000 into Go struct field DeploymentSpec.spec.replicas of type int32")]
    [InlineData("""{"spec":[]}""", "json: cannot unmarshal array into Go struct field Deployment.spec of type v1.DeploymentSpec")]
    [InlineData("""{"spec":{"template":{"spec":{"containers":[{"image":3}]}}}}""", "json: cannot unmarshal number into Go struct field Container.spec.template.spec.containers.image of type string")]
    [InlineData("""{"spec":{"template":{"spec":{"containers":{}}}}}""", "json: cannot unmarshal object into Go struct field PodSpec.spec.template.spec.containers of type []v1.Container")]
    [InlineData("""{"metadata":{"labels":{"a":1}}}""", "json: cannot unmarshal number into Go struct field ObjectMeta.metadata.labels of type string")]
    [InlineData("""{"metadata":{"creationTimestamp":"now"}}""", "parsing time \"now\" as \"2006-01-02T15:04:05Z07:00\": cannot parse \"now\" as \"2006\"")]
    [InlineData("""[]""", "json: cannot unmarshal array into Go value of type v1.Deployment")]
    [InlineData("""{"spec":{"template":{"spec":{"containers":[{"resources":{"limits":{"cpu":"1x"}}}]}}}}""", "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'")]
    public void Decode_WrongType_IsRefusedInKubernetesWords(string json, string why)
    {
        var status = Assert.Throws<KubeStatusException>(() => ObjectDecoder.Decode(Encoding.UTF8.GetBytes(json), DeploymentKind)).Status;

        Assert.Equal(400, status.Code);
        Assert.Equal("BadRequest", status.Reason);
        Assert.Equal($"Deployment in version \"v1\" cannot be handled as a Deployment: {why}", status.Message);
    }

    [Fact]
    public void Decode_StrictWithUnknownAndDuplicateFields_NamesThemAll()
    {
        const string json = """{"spec":{"replcas":3,"replicas":1,"replicas":2,"template":{"spec":{"containers":[{"zzz":"x"}]}}}}""";

        var message = Assert.Throws<KubeStatusException>(() => ObjectDecoder.Decode(Encoding.UTF8.GetBytes(json), DeploymentKind, FieldValidation.Strict)).Message;

        Assert.Equal("Deployment in version \"v1\" cannot be handled as a Deployment: strict decoding error: unknown field \"spec.replcas\" "
            + "(did you mean \"replicas\"?), duplicate field \"spec.replicas\", unknown field \"spec.template.spec.containers[0].zzz\"", message);
    }

    [Theory]
    [InlineData(FieldValidation.Warn, 1)]
    [InlineData(FieldValidation.Ignore, 0)]
    public void Decode_UnknownField_IsPruned(FieldValidation validation, int warnings)
    {
        var decoded = ObjectDecoder.Decode("""{"spec":{"nope":{"a":[1]},"hostname":"h"}}"""u8, PodKind, validation);

        Assert.Equal(warnings, decoded.Warnings.Count);
        Assert.Equal("""{"spec":{"hostname":"h"},"kind":"Pod","apiVersion":"v1"}""", decoded.Document.ToJsonString());
    }

    [Fact]
    public void Decode_Nulls_AreAbsentOrZeroAsInGo()
    {
        var decoded = ObjectDecoder.Decode("""{"metadata":{"creationTimestamp":null,"labels":{"a":null}},"spec":{"containers":[null]}}"""u8, PodKind);

        Assert.Equal("""{"metadata":{"labels":{"a":""}},"spec":{"containers":[{}]},"kind":"Pod","apiVersion":"v1"}""", decoded.Document.ToJsonString());
    }

    [Theory]
    [InlineData("")]
    [InlineData("{")]
    [InlineData("{]")]
    [InlineData("nonsense")]
    [InlineData("{} {}")]
    public void Decode_NotJson_IsUnrecognized(string json) =>
        Assert.StartsWith("the object provided is unrecognized (must be of type Pod)",
            Assert.Throws<KubeStatusException>(() => ObjectDecoder.Decode(Encoding.UTF8.GetBytes(json), PodKind)).Message, StringComparison.Ordinal);

    [Fact]
    public void Decode_AnotherVersion_IsRefused() => Assert.Equal(
        "the API version in the data (v1) does not match the expected API version (apps/v1)",
        Assert.Throws<KubeStatusException>(() => ObjectDecoder.Decode("""{"apiVersion":"v1","kind":"Pod"}"""u8, DeploymentKind)).Message);

    [Fact]
    public void Decode_TooLarge_IsRefused() => Assert.Equal(413,
        Assert.Throws<KubeStatusException>(() => ObjectDecoder.Decode(new byte[ObjectDecoder.MaxSizeBytes + 1], PodKind)).Status.Code);

    [Theory]
    [InlineData("[")]
    [InlineData("{\"a\":")]
    public void Decode_HostileNesting_IsRefused(string opening) => Assert.Throws<KubeStatusException>(() =>
        ObjectDecoder.Decode(Encoding.UTF8.GetBytes("""{"metadata":{"managedFields":[{"fieldsV1":""" + string.Concat(Enumerable.Repeat(opening, 100_000))), PodKind));

    [Fact]
    public void Decode_AnyBytes_ThrowsOnlyStatuses() =>
        Prop.ForAll<byte[]>(bytes => ThrowsOnlyStatuses(bytes)).QuickCheckThrowOnFailure();

    [Fact]
    public void Decode_MutatedManifests_ThrowsOnlyStatuses()
    {
        var json = Manifests.Json(Manifests.Deployment);
        var mutations = from at in Gen.Choose(0, json.Length - 1)
                        from other in Gen.Choose(0, 255)
                        from cut in Gen.Choose(0, 3)
                        select (at, (byte)other, cut);
        var config = Config.QuickThrowOnFailure.WithMaxTest(2000);
        Prop.ForAll(mutations.ToArbitrary(), mutation =>
        {
            var (at, other, cut) = mutation;
            byte[] changed = cut == 0 ? json[..at] : [.. json[..at], other, .. json[Math.Min(json.Length, at + cut)..]];
            return ThrowsOnlyStatuses(changed);
        }).Check(config);
    }

    [Fact]
    public void Decode_MutatedYaml_ThrowsOnlyStatuses()
    {
        var yaml = Encoding.UTF8.GetBytes(Manifests.Deployment);
        var mutations = from at in Gen.Choose(0, yaml.Length - 1)
                        from other in Gen.Elements(" \n\t:-{}[]&*!|>'\"#%@`?,0aé".ToCharArray())
                        select (at, other);
        Prop.ForAll(mutations.ToArbitrary(), mutation =>
        {
            byte[] changed = [.. yaml[..mutation.at], .. Encoding.UTF8.GetBytes([mutation.other]), .. yaml[(mutation.at + 1)..]];
            try
            {
                ObjectDecoder.DecodeYaml(changed, DeploymentKind);
            }
            catch (KubeStatusException)
            {
            }

            return true;
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(2000));
    }

    private static bool ThrowsOnlyStatuses(byte[] bytes)
    {
        try
        {
            var document = ObjectDecoder.Decode(bytes, DeploymentKind).Document;
            ObjectDefaulting.Apply(document, Schemas.Find(DeploymentKind)!);
            ObjectValidation.ValidateCreate(KubeTypes.Read(DeploymentKind, Encoding.UTF8.GetBytes(document.ToJsonString())));
        }
        catch (KubeStatusException)
        {
        }

        return true;
    }
}
