using Coxswain.Network.Ranges;

namespace Coxswain.Network.Tests.Ranges;

public sealed class NumberRangesTests
{
    [Fact]
    public void Union_TouchingAndOverlapping_AreOne() =>
        Assert.Equal([(1u, 7u), (9u, 9u)], NumberRanges.Union([(4, 7), (1, 2), (3, 5), (9, 9)]));

    [Fact]
    public void Union_UpToTheLastNumber_DoesNotWrap() =>
        Assert.Equal([(0u, uint.MaxValue)], NumberRanges.Union([(0, uint.MaxValue), (5, 6), (uint.MaxValue, uint.MaxValue)]));

    [Theory]
    [InlineData("10.0.0.0/8", "10.1.0.0/16", "10.0.0.0-10.0.255.255, 10.2.0.0-10.255.255.255")]
    [InlineData("10.0.0.0/24", "10.0.0.0/25", "10.0.0.128-10.0.0.255")]
    [InlineData("10.0.0.0/24", "10.0.0.128/25", "10.0.0.0-10.0.0.127")]
    [InlineData("10.0.0.0/24", "10.0.0.0/8", "")]
    [InlineData("10.0.0.0/24", "11.0.0.0/24", "10.0.0.0-10.0.0.255")]
    [InlineData("0.0.0.0/0", "255.255.255.255/32", "0.0.0.0-255.255.255.254")]
    public void Without_Block_LeavesTheRest(string block, string except, string expected) =>
        Assert.Equal(
            expected,
            string.Join(", ", NumberRanges.Without(NumberRanges.OfBlock(block)!.Value, [NumberRanges.OfBlock(except)!.Value]).Select(NumberRanges.Addresses)));
}
