using System.Text;
using Coxswain.Api.Apply;
using Coxswain.Testing.Fuzzing;

namespace Coxswain.Api.Tests.Apply;

public class FieldSetTests
{
    private const string Deployment =
        """{"f:metadata":{"f:labels":{".":{},"f:app":{}}},"f:spec":{"f:template":{"f:spec":{"f:containers":{"k:{\"name\":\"web\"}":{".":{},"f:image":{},"f:ports":{".":{},"k:{\"containerPort\":80,\"protocol\":\"TCP\"}":{".":{},"f:containerPort":{}}}}}}}}}""";

    [Theory]
    [InlineData("{}")]
    [InlineData(Deployment)]
    [InlineData("""{"f:finalizers":{"v:\"a\"":{},"v:\"b\"":{}},"f:x":{"i:3":{}}}""")]
    public void Utf8_OfWhatWasDecoded_IsTheSame(string json) => Assert.Equal(json, Text(Decode(json)));

    [Fact]
    public void Decode_OtherOrderAndSpacing_IsTheSameSet()
    {
        var set = Decode("""{"f:spec":{"f:b":{}, "f:a":{}}, "f:l":{"k:{ \"protocol\": \"TCP\", \"containerPort\":80 }":{}}, "x:new":{"f:a":{}}}""");
        Assert.Equal("""{"f:l":{"k:{\"containerPort\":80,\"protocol\":\"TCP\"}":{}},"f:spec":{"f:a":{},"f:b":{}}}""", Text(set));
    }

    [Theory]
    [InlineData("")]
    [InlineData("[]")]
    [InlineData("""{"f:a":1}""")]
    [InlineData("""{"nothing":{}}""")]
    [InlineData("""{"k:{}":{}}""")]
    [InlineData("""{"k:{\"a\":{}}":{}}""")]
    [InlineData("""{"v:[1]":{}}""")]
    [InlineData("""{"i:x":{}}""")]
    [InlineData("""{"f:a":{}}{}""")]
    public void Decode_WhatIsNoSet_IsAFormatException(string json) => Assert.Throws<FormatException>(() => Decode(json));

    [Fact]
    public void Paths_AreAsMessagesShowThem() => Assert.Equal(
        [
            ".metadata.labels", ".metadata.labels.app", ".spec.template.spec.containers[name=\"web\"]",
            ".spec.template.spec.containers[name=\"web\"].image", ".spec.template.spec.containers[name=\"web\"].ports",
            ".spec.template.spec.containers[name=\"web\"].ports[containerPort=80,protocol=\"TCP\"]",
            ".spec.template.spec.containers[name=\"web\"].ports[containerPort=80,protocol=\"TCP\"].containerPort",
        ],
        Decode(Deployment).Paths());

    [Fact]
    public void Operations_AreThoseOfSetsOfPaths()
    {
        var (left, right) = (Decode("""{"f:a":{".":{},"f:x":{},"f:y":{}},"f:b":{}}"""), Decode("""{"f:a":{"f:y":{},"f:z":{}},"f:c":{}}"""));
        Assert.Equal("""{"f:a":{".":{},"f:x":{},"f:y":{},"f:z":{}},"f:b":{},"f:c":{}}""", Text(left.Union(right)));
        Assert.Equal("""{"f:a":{"f:y":{}}}""", Text(left.Intersection(right)));
        Assert.Equal("""{"f:a":{".":{},"f:x":{}},"f:b":{}}""", Text(left.Difference(right)));
        Assert.Equal("""{"f:b":{}}""", Text(left.RecursiveDifference(Decode("""{"f:a":{}}"""))));
        Assert.Equal("""{"f:a":{"f:x":{},"f:y":{}},"f:b":{}}""", Text(left.Difference(Decode("""{"f:a":{}}"""))));
    }

    [Fact]
    public void Operations_ThatChangeNothing_ReturnTheSameSet()
    {
        var set = Decode(Deployment);
        var other = Decode("""{"f:metadata":{"f:labels":{"f:app":{}}}}""");
        Assert.Same(set, set.Union(other));
        Assert.Same(set, set.Difference(Decode("""{"f:status":{},"f:metadata":{"f:labels":{"f:tier":{}}}}""")));
        Assert.NotSame(set, set.Difference(other));
    }

    [Fact]
    public void Decode_ManyFieldsOutOfOrder_TakesTheirSizesTime()
    {
        var json = new StringBuilder("{");
        for (var i = 200_000; i > 0; i--)
        {
            json.Append(System.Globalization.CultureInfo.InvariantCulture, $"\"f:{i}\":{{}},");
        }

        Assert.Equal(200_001, Decode(json + "\"f:0\":{}}").Paths().Count());
    }

    [Fact]
    public void Decode_AnyBytes_IsASetOrAFormatException() => Fuzzer.Run("fields-v1", [Encoding.UTF8.GetBytes(Deployment), "{}"u8.ToArray()], input =>
    {
        FieldSet set;
        try
        {
            set = FieldsV1.Decode(input);
        }
        catch (FormatException)
        {
            return;
        }

        Fuzzer.Require(FieldsV1.Decode(set.Utf8.Span).Equals(set), "another set is read than was written");
        Fuzzer.Require(set.Union(set).Equals(set) && set.Difference(set).IsEmpty && set.Intersection(FieldsV1.Decode(set.Utf8.Span)).Equals(set), "a set against itself");
        Fuzzer.Require(set.Paths().Count() >= 0, "paths");
    });

    private static FieldSet Decode(string json) => FieldsV1.Decode(Encoding.UTF8.GetBytes(json));

    private static string Text(FieldSet set) => Encoding.UTF8.GetString(set.Utf8.Span);
}
