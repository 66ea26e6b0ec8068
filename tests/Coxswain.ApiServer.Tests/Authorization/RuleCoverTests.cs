using Coxswain.Api.Rbac.V1;
using Coxswain.ApiServer.Authorization;

namespace Coxswain.ApiServer.Tests.Authorization;

public sealed class RuleCoverTests
{
    [Theory]
    [InlineData("get,list||pods", "get||pods", "")]
    [InlineData("get||pods", "get,list||pods", "list||pods")]
    [InlineData("*|*|*", "delete|apps|deployments/scale", "")]
    [InlineData("get||*/scale", "get||deployments/scale", "")]
    [InlineData("get||pods|a", "get||pods", "get||pods")]
    [InlineData("get||pods", "get||pods|a", "")]
    [InlineData("get||pods|a", "get||pods|a,b", "get||pods|b")]
    [InlineData("get||pods", "*||pods", "*||pods")]
    public void Missing_OfRules_IsWhatIsNotHeld(string held, string wanted, string missing) =>
        Assert.Equal(missing, string.Join(';', RuleCover.Missing([Parse(held)], [Parse(wanted)]).Select(Print)));

    [Fact]
    public void Missing_HeldInParts_IsNothing() =>
        Assert.Empty(RuleCover.Missing([Parse("get||pods"), Parse("list||pods")], [Parse("get,list||pods")]));

    [Theory]
    [InlineData("get||pods;list||pods|a", "get,list||pods|a,b", "list||pods|b")]
    [InlineData("get||pods;get||secrets", "get||pods,secrets", "")]
    [InlineData("get,list||pods;get||secrets", "get,list||pods,secrets", "list||secrets")]
    public void Missing_HeldInPartsThatOverlap_IsWhatNoneHolds(string held, string wanted, string missing) =>
        Assert.Equal(missing, string.Join(';', RuleCover.Missing([.. held.Split(';').Select(Parse)], [Parse(wanted)]).Select(Print)));

    [Fact]
    public void Missing_OfRulesWithManyCombinations_IsToldUpToABound()
    {
        string[] many = [.. Enumerable.Range(0, 300).Select(i => $"n{i}")];
        var wanted = new PolicyRule { Verbs = many, ApiGroups = many, Resources = many, ResourceNames = many };
        Assert.Equal(RuleCover.MostPieces, RuleCover.Missing([], [wanted]).Count);
        Assert.Empty(RuleCover.Missing([wanted with { Resources = many[..100] }, wanted with { Resources = many[100..], ResourceNames = [] }], [wanted]));
        var missing = Assert.Single(RuleCover.Missing(
            [wanted with { Verbs = many[1..] }, wanted with { ApiGroups = many[1..] }, wanted with { Resources = many[1..] }, wanted with { ResourceNames = many[1..] }],
            [wanted]));
        Assert.Equal("n0|n0|n0|n0", Print(missing));
    }

    [Theory]
    [InlineData("/healthz/*", "/healthz/etcd", true)]
    [InlineData("*", "/metrics", true)]
    [InlineData("/healthz", "/healthz/*", false)]
    public void Missing_OfPaths_FollowsTheirPatterns(string held, string wanted, bool isCovered) =>
        Assert.Equal(isCovered, RuleCover.Missing([Paths(held)], [Paths(wanted)]).Count == 0);

    private static PolicyRule Paths(string path) => new() { Verbs = ["get"], NonResourceURLs = [path] };

    private static PolicyRule Parse(string text)
    {
        var parts = text.Split('|');
        return new PolicyRule
        {
            Verbs = parts[0].Split(','),
            ApiGroups = [parts[1]],
            Resources = parts[2].Split(','),
            ResourceNames = parts.Length > 3 ? parts[3].Split(',') : [],
        };
    }

    private static string Print(PolicyRule rule) =>
        $"{string.Join(',', rule.Verbs)}|{rule.ApiGroups[0]}|{rule.Resources[0]}{(rule.ResourceNames.Count > 0 ? "|" + rule.ResourceNames[0] : "")}";
}
