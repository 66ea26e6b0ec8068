using System.CommandLine;
using Coxswain.CommandLine;
using Coxswain.Hosting;

namespace Coxswain.Tests.CommandLine;

public class ConfigurationOptionsTests
{
    private readonly ConfigurationOptions _options = new();
    private readonly Command _command = new("up");

    public ConfigurationOptionsTests() => _options.AddTo(_command);

    [Theory]
    [InlineData("--api-port 70000", "--api-port 70000: a port is a number from 1 to 65535")]
    [InlineData("--api-port abc", "--api-port abc: a port is a number from 1 to 65535")]
    [InlineData("--pod-cidr 10.1.2.3", "--pod-cidr 10.1.2.3: a range is an IPv4 network with its length, such as 10.244.0.0/16")]
    [InlineData("--service-cidr 10.1.2.0/30", "--service-cidr 10.1.2.0/30: a range has a length from /8 to /27")]
    [InlineData("--bridge a/b", "--bridge a/b: a device's name has at most 10 letters, digits, '-', '_' and begins with a letter")]
    [InlineData("--bridge elevenchars", "--bridge elevenchars: a device's name has at most 10 letters, digits, '-', '_' and begins with a letter")]
    [InlineData("--node-name my_host", "--node-name my_host: a node's name has at most 63 lower-case letters, digits, '-' and '.'")]
    [InlineData("--listen here", "--listen: here is not an IP address")]
    [InlineData("--name Big", "--name Big: a name has at most 63 lower-case letters, digits and '-'")]
    public void Parse_WrongValue_SaysWhatItShouldBe(string arguments, string message)
    {
        var parsed = _command.Parse(arguments);

        Assert.Contains(message, parsed.Errors.Select(error => error.Message));
    }

    [Fact]
    public void Parse_NodeNameThatIsNoLabel_IsRefused()
    {
        Assert.Empty(_command.Parse("--node-name " + new string('n', 63)).Errors);
        Assert.NotEmpty(_command.Parse("--node-name " + new string('n', 64)).Errors);
    }

    [Fact]
    public void Apply_HostsNameThatIsNoNodes_NamesTheOption()
    {
        var host = new ClusterConfiguration { NodeName = "my_host" };

        var failure = Assert.Throws<CommandFailure>(() => Apply("", host));

        Assert.Contains("my_host", failure.Message, StringComparison.Ordinal);
        Assert.Contains("--node-name", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Apply_NewCluster_DerivesWhatFollows()
    {
        var configuration = Apply("--bridge cox7 --pod-cidr 10.203.0.0/16 --service-cidr 10.204.0.32/27", null);

        Assert.Equal("10.203.0.0/24", configuration.NodeCidr);
        Assert.Equal("10.203.0.1", configuration.NodeAddress.ToString());
        Assert.Equal("10.204.0.42", configuration.DnsAddress);
        Assert.Equal("10.204.0.33", configuration.ApiServiceAddress.ToString());
        Assert.Equal("coxswain-cox7", configuration.Table);
        Assert.Equal("/coxswain-cox7", configuration.CgroupParent);
    }

    [Theory]
    [InlineData("--bridge cox7")]
    [InlineData("--node-name other")]
    [InlineData("--pod-cidr 10.9.0.0/16")]
    [InlineData("--service-cidr 10.9.0.0/16")]
    public void Apply_WhatPodsDependOn_CannotChange(string arguments)
    {
        var failure = Assert.Throws<CommandFailure>(() => Apply(arguments, new ClusterConfiguration()));

        Assert.Contains("down --delete", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Apply_PortAndListen_MayChangeLater()
    {
        var configuration = Apply("--api-port 7443 --listen 127.0.0.2", new ClusterConfiguration());

        Assert.Equal(7443, configuration.ApiPort);
        Assert.Equal(["127.0.0.2"], configuration.Listen);
        Assert.False(configuration.IsSameAs(new ClusterConfiguration()));
        Assert.True(configuration.IsSameAs(Apply("", configuration)));
    }

    [Fact]
    public void Apply_RangesThatOverlap_AreRefused()
    {
        var failure = Assert.Throws<CommandFailure>(() => Apply("--pod-cidr 10.96.4.0/24", null));

        Assert.Contains("overlap", failure.Message, StringComparison.Ordinal);
    }

    private ClusterConfiguration Apply(string arguments, ClusterConfiguration? existing)
    {
        var parsed = _command.Parse(arguments);
        Assert.Empty(parsed.Errors);
        return _options.Apply(parsed, existing);
    }
}
