using Coxswain.Api.Schemata;

namespace Coxswain.Api.Tests;

public class SchemaPatternTests
{
    [Theory]
    [InlineData(@"^\d+$", "42", true)]
    [InlineData(@"^\d+$", "42\n", false)]
    [InlineData(@"^\d+$", "٤", false)]
    [InlineData(@"^[[:alpha:]]+$", "abc", true)]
    [InlineData(@"^[^[:alpha:]]+$", "123", true)]
    [InlineData(@"^[[a]+$", "[a", true)]
    [InlineData(@"^(?P<n>a)\z", "a", true)]
    [InlineData(@"(?i)^ABC$", "abc", true)]
    [InlineData(@"^a{2,3}$", "aaaa", false)]
    [InlineData(@"^\Qa.b\E$", "a.b", true)]
    [InlineData(@"^\pL+$", "é", true)]
    [InlineData(@"^(\d+|\*)(/\d+)?(\s+(\d+|\*)(/\d+)?){4}$", "* * * * */5", true)]
    public void IsMatch_Re2Syntax_MeansTheSame(string pattern, string value, bool expected)
    {
        var compiled = new SchemaPattern(pattern);

        Assert.Equal("", compiled.Error);
        Assert.Equal(expected, compiled.IsMatch(value));
    }

    [Theory]
    [InlineData(@"(a)\1")]
    [InlineData(@"(?=a)b")]
    [InlineData(@"(?<!a)b")]
    [InlineData("a{1001}")]
    [InlineData("((a{100}){100})")]
    [InlineData("(a{500}b{500}c{500}){1000}")]
    [InlineData("(")]
    [InlineData("a)")]
    [InlineData("[a")]
    [InlineData(@"\")]
    public void IsMatch_WhatRe2HasNot_IsAnErrorAndMatchesNothing(string pattern)
    {
        var compiled = new SchemaPattern(pattern);

        Assert.NotEqual("", compiled.Error);
        Assert.False(compiled.IsMatch("a"));
    }

    [Fact]
    public void IsMatch_LongerThanTheBound_IsAnError() =>
        Assert.NotEqual("", new SchemaPattern(new string('a', SchemaPattern.MaxLength + 1)).Error);

    [Fact]
    public void IsMatch_WhatBacktracksElsewhere_EndsOnAMegabyte() =>
        Assert.False(new SchemaPattern("^(a+)+$").IsMatch(new string('a', 1_000_000) + "b"));
}
