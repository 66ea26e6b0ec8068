using System.Text.Json.Nodes;
using Coxswain.Api.Errors;
using Coxswain.Api.Selectors;
using FsCheck;
using FsCheck.Fluent;

namespace Coxswain.Api.Tests;

public class SelectorTests
{
    [Theory]
    [InlineData("", true)]
    [InlineData("app=web", true)]
    [InlineData("app == web", true)]
    [InlineData("app!=web", false)]
    [InlineData("app in (db, web)", true)]
    [InlineData("app notin (web)", false)]
    [InlineData("tier notin (web)", true)]
    [InlineData("app", true)]
    [InlineData("!app", false)]
    [InlineData("!tier,app=web", true)]
    [InlineData("n>1,n<3", true)]
    [InlineData("n>2", false)]
    [InlineData("empty=", true)]
    [InlineData("empty in (,x)", true)]
    [InlineData("in=in", false)]
    public void LabelSelector_Parsed_Matches(string text, bool matches)
    {
        var labels = new Dictionary<string, string> { ["app"] = "web", ["n"] = "2", ["empty"] = "" };
        var document = new JsonObject { ["metadata"] = new JsonObject { ["labels"] = new JsonObject(labels.Select(l => KeyValuePair.Create(l.Key, (JsonNode?)l.Value))) } };

        Assert.Equal(matches, LabelSelector.Parse(text).Matches(labels));
        Assert.Equal(matches, LabelSelector.Parse(text).Matches(document));
    }

    [Theory]
    [InlineData("a=b c", "found 'c', expected: ',' or 'end of string'")]
    [InlineData("a=b,", "found '', expected: identifier after ','")]
    [InlineData("a in b", "unable to parse requirement: found 'b', expected: '('")]
    [InlineData("=a", "unable to parse requirement: found '=', expected: identifier")]
    [InlineData("a like b", "unable to parse requirement: found 'like', expected: in, notin, =, ==, !=, gt, lt")]
    [InlineData("-a", "unable to parse requirement: <nil>: Invalid value: \"-a\": name part must consist of")]
    public void LabelSelector_Malformed_IsBadRequestInKubernetesWords(string text, string message)
    {
        var status = Assert.Throws<KubeStatusException>(() => LabelSelector.Parse(text)).Status;

        Assert.Equal(400, status.Code);
        Assert.StartsWith(message, status.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void LabelSelector_Formatted_ParsesToTheSame()
    {
        var words = Gen.Elements("a", "b", "x.y/z", "web-1", "A_b");
        var requirements = from key in words
                           from kind in Gen.Elements(Enum.GetValues<SelectorOperator>())
                           from values in words.Where(word => !word.Contains('/')).NonEmptyListOf()
                           from number in Gen.Choose(-5, 5)
                           select new LabelRequirement(key, kind, kind switch
                           {
                               SelectorOperator.In or SelectorOperator.NotIn => [.. values.Distinct().Order(StringComparer.Ordinal)],
                               SelectorOperator.Exists or SelectorOperator.DoesNotExist => [],
                               SelectorOperator.GreaterThan or SelectorOperator.LessThan => [number.ToString()],
                               _ => [values[0]],
                           });
        Prop.ForAll(requirements.ListOf().Select(LabelSelector.From).ToArbitrary(), selector => LabelSelector.Parse(selector.ToString()).Equals(selector))
            .QuickCheckThrowOnFailure();
    }

    [Fact]
    public void Selectors_AnyText_AreReadOrRefusedWithAReason() => Prop.ForAll<string?>(text =>
    {
        // A refusal says why; what is accepted can be formatted.
        return (LabelSelector.TryParse(text, out var labels, out var why) ? labels.ToString() is not null : why.Length > 0)
            && (FieldSelector.TryParse(text, out var fields, out why) ? fields.ToString() is not null : why.Length > 0);
    }).QuickCheckThrowOnFailure();

    [Fact]
    public void LabelSelector_OfAField_AbsentIsNothingAndEmptyIsEverything()
    {
        var labels = new Dictionary<string, string> { ["a"] = "b" };

        Assert.False(LabelSelector.From((Coxswain.Api.Meta.V1.LabelSelector?)null).Matches(labels));
        Assert.True(LabelSelector.From(new Coxswain.Api.Meta.V1.LabelSelector()).Matches(labels));
        Assert.True(LabelSelector.From(new Coxswain.Api.Meta.V1.LabelSelector
        {
            MatchLabels = labels,
            MatchExpressions = [new() { Key = "c", Operator = "DoesNotExist" }],
        }).Matches(labels));
    }

    [Theory]
    [InlineData("metadata.name=x", true)]
    [InlineData("metadata.name==x,spec.nodeName=", true)]
    [InlineData("status.phase!=Running", true)]
    [InlineData("status.phase=Running", false)]
    [InlineData("spec.hostNetwork=true", true)]
    [InlineData("", true)]
    public void FieldSelector_Parsed_Matches(string text, bool matches)
    {
        var document = (JsonObject)JsonNode.Parse("""{"metadata":{"name":"x"},"status":{"phase":"Pending"},"spec":{"hostNetwork":true}}""")!;

        Assert.Equal(matches, FieldSelector.Parse(text).Matches(document));
    }

    [Fact]
    public void FieldSelector_Details_AreKept()
    {
        var selector = FieldSelector.Parse(@"metadata.name=a\,b,spec.x!=y");

        Assert.Equal("a,b", selector.RequiredValue("metadata.name"));
        Assert.Null(selector.RequiredValue("spec.x"));
        Assert.Equal("spec.x", selector.Unsupported(["metadata.name"]));
        Assert.Equal(selector, FieldSelector.Parse(selector.ToString()));
        Assert.Equal("invalid selector: 'a'; can't understand 'a'", Assert.Throws<KubeStatusException>(() => FieldSelector.Parse("a")).Message);
    }
}
