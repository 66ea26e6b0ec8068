using System.Net;
using System.Text.RegularExpressions;
using Coxswain.Engine.Networks;
using Coxswain.Engine.Tests.Containers;
using Coxswain.Linux.Links;
using Coxswain.Linux.Nftables;

namespace Coxswain.Engine.Tests.Networks;

public sealed class TwoClustersTests
{
    private static readonly RtnetlinkLinks Links = new();

    [Theory]
    [InlineData("bridge")]
    [InlineData("table")]
    [InlineData("control group")]
    [InlineData("range")]
    public async Task Start_ThingOfAnotherCluster_IsRefusedByNameAndLeavesItWhole(string thing)
    {
        await using var first = await TestEngine.StartAsync(network: true);
        var attachment = await first.Network.AttachAsync(new NetworkAttachRequest("one", "one"), TestEngine.Timeout);
        var before = await MachineAsync(first);
        await using var second = first.Other(options => options with
        {
            CgroupParent = options.CgroupParent + (thing == "control group" ? "" : "-b"),
            NftablesTable = options.NftablesTable + (thing == "table" ? "" : "-b"),
            Network = options.Network! with
            {
                BridgeName = thing == "bridge" ? options.Network.BridgeName : "cy" + options.Network.BridgeName[2..],
                Subnet = thing == "range" ? options.Network.Subnet : IPNetwork.Parse("10.216.1.0/24"),
                ClusterNetworks = thing == "range" ? options.Network.ClusterNetworks : [IPNetwork.Parse("10.216.1.0/24")],
            },
        });
        var refused = await Assert.ThrowsAsync<EngineInUseException>(() => second.StartAsync(TestEngine.Timeout));
        Assert.Contains(first.Options.DataDirectory, refused.Message);
        Assert.Contains(thing, refused.Message);
        // As `down --delete` of the one that was refused does.
        await second.Network!.DeleteAllAsync(TestEngine.Timeout);
        await second.DeleteAllAsync(TestEngine.Timeout);
        Assert.Equal(before, await MachineAsync(first));
        Assert.NotNull(Links.Find(attachment.HostLink));
    }

    [Fact]
    public async Task Start_BridgeNameTooLong_IsRefusedAndCanBeDeleted()
    {
        const string name = "elevenchars";
        await using var first = await TestEngine.StartAsync(network: true);
        var before = await MachineAsync(first);
        await using var second = first.Other(options => options with
        {
            CgroupParent = options.CgroupParent + "-b",
            NftablesTable = options.NftablesTable + "-b",
            Network = options.Network! with
            {
                BridgeName = name, Subnet = IPNetwork.Parse("10.216.2.0/24"), ClusterNetworks = [IPNetwork.Parse("10.216.2.0/24")],
            },
        });
        var refused = await Assert.ThrowsAsync<EngineException>(() => second.StartAsync(TestEngine.Timeout));
        Assert.Contains(name, refused.Message, StringComparison.Ordinal);
        await second.Network!.DeleteAllAsync(TestEngine.Timeout);
        await second.DeleteAllAsync(TestEngine.Timeout);
        Assert.Null(Links.Find(name));
        Assert.Equal(before, await MachineAsync(first));
    }

    [Fact]
    public async Task Start_OwnerIsDead_TakesOver()
    {
        await using var first = await TestEngine.StartAsync(network: true);
        var status = await first.RunAsync(first.Spec("sleep 600"));
        await first.CloseAsync();
        EngineOptions Same(EngineOptions options) => options with { NftablesTable = options.NftablesTable };
        await using (var second = first.Other(Same))
        {
            // Its engine is gone, but not what it runs.
            await Assert.ThrowsAsync<EngineInUseException>(() => second.StartAsync(TestEngine.Timeout));
        }

        await first.ReopenAsync();
        await first.Containers.StopAsync(status.Id, TimeSpan.Zero, TestEngine.Timeout);
        await first.CloseAsync();
        await using (var second = first.Other(Same))
        {
            await second.StartAsync(TestEngine.Timeout);
            Assert.Contains("other", Links.Find(first.Options.Network!.BridgeName)!.Alias);
            await second.DeleteAllAsync(TestEngine.Timeout);
        }

        Assert.Null(Links.Find(first.Options.Network!.BridgeName));
    }

    [Fact]
    public async Task DeleteAll_BridgeWhoseNameBeginsAnothers_LeavesThatOne()
    {
        await using var one = await TestEngine.StartAsync(network: true);
        var name = "cxs" + one.Options.Network!.BridgeName[^3..];
        await using var shorter = await TestEngine.StartAsync(
            network: true, options => options with { Network = options.Network! with { BridgeName = name } });
        await using var longer = await TestEngine.StartAsync(
            network: true, options => options with { Network = options.Network! with { BridgeName = name + "-b" } });
        var attachment = await longer.Network.AttachAsync(new NetworkAttachRequest("one", "one"), TestEngine.Timeout);
        await shorter.DeleteAllAsync();
        Assert.Null(Links.Find(name));
        Assert.NotNull(Links.Find(name + "-b"));
        Assert.NotNull(Links.Find(attachment.HostLink));
    }

    [Theory]
    [InlineData("route")]
    [InlineData("address")]
    public async Task Start_RangeOfTheMachine_IsRefusedAndNothingIsLeft(string kind)
    {
        await using var test = await TestEngine.StartAsync();
        var name = "cd" + test.Options.CgroupParent[^6..];
        Links.Apply(new AddBridge(name));
        try
        {
            var index = Links.Find(name)!.Index;
            Links.Apply(new SetUp(index));
            Links.Apply(kind == "route"
                ? new AddRoute(IPNetwork.Parse("10.215.0.0/16"), null, index)
                : new AddAddress(index, IPAddress.Parse("10.215.7.9"), 32));
            var options = new ContainerNetworkOptions
            {
                BridgeName = "cx" + name[2..],
                Subnet = IPNetwork.Parse("10.215.7.0/24"),
                ClusterNetworks = [IPNetwork.Parse("10.215.7.0/24")],
                RangeFlags = new Dictionary<string, string> { ["10.215.7.0/24"] = "--pod-cidr" },
            };
            Assert.NotNull(NetworkRanges.FindClash(options, Links));
            await using var engine = test.Other(other => other with { CgroupParent = other.CgroupParent + "-b", Network = options });
            var refused = await Assert.ThrowsAsync<EngineException>(() => engine.StartAsync(TestEngine.Timeout));
            Assert.Contains(kind == "route" ? $"the route 10.215.0.0/16 by {name}" : $"the address 10.215.7.9/32 of {name}", refused.Message);
            Assert.Contains("--pod-cidr", refused.Message);
            Assert.Null(Links.Find(options.BridgeName));
            Assert.DoesNotContain(Links.ListRoutes(), route => options.ClusterNetworks.Contains(route.Destination));
            Assert.Equal("", await new NftCommand(engine.Processes, test.Options.NftablesTable).ListAsync(TestEngine.Timeout));
        }
        finally
        {
            Links.Apply(new DeleteLink(name));
        }
    }

    /// <summary>Rules, links and routes of a cluster; others are made and removed by tests beside this one.</summary>
    private static async Task<string> MachineAsync(TestEngine test)
    {
        var rules = await new NftCommand(test.Engine.Processes, test.Options.NftablesTable).ListAsync(TestEngine.Timeout);
        var network = test.Options.Network!; // Asked for above.
        var links = Links.List().Where(link => link.Name.Contains(network.BridgeName[2..], StringComparison.Ordinal));
        var routes = Links.ListRoutes().Where(route => network.ClusterNetworks.Contains(route.Destination));
        return Regex.Replace(rules, "packets [0-9]+ bytes [0-9]+", "") + string.Join('\n', links) + string.Join('\n', routes);
    }
}
