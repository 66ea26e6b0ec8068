using Coxswain.Node.PodFacts;

namespace Coxswain.Node.Tests.PodFacts;

public sealed class VariableExpansionTests
{
    [Theory]
    [InlineData("$(A)-$(B)", "1-$(B)")]
    [InlineData("$$(A)", "$(A)")]
    [InlineData("$A $(A", "$A $(A")]
    [InlineData("cost: 5$", "cost: 5$")]
    public void Expand_Text_FollowsKubernetes(string text, string expected) =>
        Assert.Equal(expected, VariableExpansion.Expand(text, name => name == "A" ? "1" : null));
}
