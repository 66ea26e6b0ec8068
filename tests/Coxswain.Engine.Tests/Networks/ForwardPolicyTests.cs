using Coxswain.Engine.Networks;

namespace Coxswain.Engine.Tests.Networks;

public sealed class ForwardPolicyTests
{
    [Theory]
    [InlineData("ip filter", "forward", "drop", "FORWARD of table ip filter")]
    [InlineData("inet guard", "forward", "drop", "FORWARD of table inet guard")]
    [InlineData("ip filter", "forward", "accept", null)]
    [InlineData("ip filter", "input", "drop", null)]
    [InlineData("ip6 filter", "forward", "drop", null)]
    public void FindDropping_NamesTheChainThatForwardsNothingByDefault(string table, string hook, string policy, string? expected)
    {
        var listing = $"table inet other {{\n\tchain x {{\n\t}}\n}}\ntable {table} {{\n\tchain DOCKER-USER {{\n\t}}\n\tchain FORWARD {{\n"
            + $"\t\ttype filter hook {hook} priority filter; policy {policy};\n\t}}\n}}\n";
        Assert.Equal(expected, ForwardPolicy.FindDropping(listing));
    }
}
