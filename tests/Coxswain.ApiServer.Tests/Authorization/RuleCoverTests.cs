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
