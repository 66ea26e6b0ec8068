using System.Net;
using Coxswain.ApiServer.Resources.Rules;

namespace Coxswain.ApiServer.Tests.Resources;

public class AddressRangeTests
{
    [Theory]
    [InlineData("10.96.0.0/28", "10.96.0.1")]
    [InlineData("10.96.0.0/27", "10.96.0.17")]
    [InlineData("10.96.0.0/24", "10.96.0.17")]
    [InlineData("10.96.0.0/22", "10.96.0.65")]
    [InlineData("10.96.0.0/20", "10.96.1.1")]
    [InlineData("10.96.0.0/16", "10.96.1.1")]
    public void FirstAutomatic_OfARange_LeavesASixteenthForFixedUse(string range, string first)
    {
        var addresses = new AddressRange(IPNetwork.Parse(range));
        Assert.Equal(first, addresses.Text(addresses.FirstAutomatic));
    }
}
