using System.Net;
using Coxswain.Engine.Containers;
using Coxswain.Engine.Networks;
using Coxswain.Engine.Tests.Containers;
using Coxswain.Linux.Links;
using Coxswain.Linux.Nftables;

namespace Coxswain.Engine.Tests.Networks;

public sealed class BridgeNetworkTests
{
    private static readonly RtnetlinkLinks Links = new();

    [Fact]
    public async Task Attach_TwoContainers_ReachEachOtherAndTheGateway()
    {
        await using var test = await TestEngine.StartAsync(network: true);
        var server = await test.Network.AttachAsync(new NetworkAttachRequest("server", "server-host"), TestEngine.Timeout);
        var client = await test.Network.AttachAsync(new NetworkAttachRequest("client", "client-host"), TestEngine.Timeout);
        var status = await test.RunAsync(InSandbox(test.Spec("echo listening; echo hello from $(hostname) | nc -l -p 8080"), server));
        await TestEngine.WaitForLogAsync(status, "listening");
        var script = $"until nc {server.Address} 8080 </dev/null; do :; done; ping -c 1 -W 5 {client.Gateway} >/dev/null && echo gateway; hostname";
        var (exit, log) = await test.RunToEndAsync(InSandbox(test.Spec(script), client));
        Assert.Equal((0, "hello from server-host\ngateway\nclient-host\n"), (exit.Code, log));
    }

    [Fact]
    public async Task Detach_AfterAttach_LeavesNothingBehind()
    {
        await using var test = await TestEngine.StartAsync(network: true);
        var linksBefore = Links.List().Select(link => link.Name).ToList();
        var attachment = await test.Network.AttachAsync(new NetworkAttachRequest("one", "one"), TestEngine.Timeout);
        Assert.Contains(Links.List(), link => link.Name == attachment.HostLink);
        Assert.Contains(attachment.NetworkNamespacePath, await File.ReadAllTextAsync("/proc/self/mountinfo"));
        await test.Network.DetachAsync("one", TestEngine.Timeout);
        await test.Network.DetachAsync("one", TestEngine.Timeout);
        var cancellation = TestEngine.Timeout;
        while (Links.Find(attachment.HostLink) is not null)
        {
            Assert.False(cancellation.IsCancellationRequested, $"awaited the end of link {attachment.HostLink}, it is still there");
            await Task.Yield();
        }

        Assert.DoesNotContain(attachment.Directory, await File.ReadAllTextAsync("/proc/self/mountinfo"));
        Assert.False(Directory.Exists(attachment.Directory));
        Assert.Empty(test.Network.List());
        Assert.Empty(linksBefore.Except(Links.List().Select(link => link.Name)));
    }

    [Fact]
    public async Task Attach_AfterReopen_KeepsOldAddressesAndGivesNoneTwice()
    {
        await using var test = await TestEngine.StartAsync(network: true);
        var first = await test.Network.AttachAsync(new NetworkAttachRequest("first", "first"), TestEngine.Timeout);
        await test.ReopenAsync();
        Assert.Equal(first, test.Network.Find("first"));
        Assert.Equal(first, await test.Network.AttachAsync(new NetworkAttachRequest("first", "first"), TestEngine.Timeout));
        var others = await Task.WhenAll(Enumerable.Range(0, 8).Select(i =>
            test.Network.AttachAsync(new NetworkAttachRequest($"other-{i}", "other"), TestEngine.Timeout)));
        Assert.Equal(9, others.Append(first).Select(attachment => attachment.Address).Distinct().Count());
    }

    [Fact]
    public async Task Ensure_SandboxLostWhileAway_FreesItsAddress()
    {
        await using var test = await TestEngine.StartAsync(network: true);
        var lost = await test.Network.AttachAsync(new NetworkAttachRequest("lost", "lost"), TestEngine.Timeout);
        Links.Apply(new DeleteLink(lost.HostLink));
        await test.ReopenAsync();
        Assert.Null(test.Network.Find("lost"));
        Assert.False(Directory.Exists(lost.Directory));
        var again = await test.Network.AttachAsync(new NetworkAttachRequest("lost", "lost"), TestEngine.Timeout);
        Assert.NotNull(test.Network.Find("lost"));
        Assert.True(Directory.Exists(again.Directory));
    }

    [Fact]
    public async Task Ensure_ClusterNetworks_NeverLeadToADeviceThatIsNotOurs()
    {
        await using var test = await TestEngine.StartAsync(network: true);
        var options = test.Options.Network!;
        var bridge = Links.Find(options.BridgeName)!;
        var routes = Links.ListRoutes();
        foreach (var network in options.ClusterNetworks)
        {
            Assert.Contains(routes, route => route.Destination.Equals(network) && route.Type == RouteType.Unreachable);
            Assert.Contains(routes, route => route.Destination.Equals(network) && route.LinkIndex == bridge.Index);
        }

        // With the bridge down its routes are gone, and the ones that lead nowhere take their place.
        Links.Apply(new SetUp(bridge.Index, Up: false));
        routes = Links.ListRoutes();
        Assert.DoesNotContain(routes, route => route.LinkIndex == bridge.Index);
        foreach (var network in options.ClusterNetworks)
        {
            Assert.Contains(routes, route => route.Destination.Equals(network) && route.Type == RouteType.Unreachable);
        }

        // A restart brings everything back.
        await test.ReopenAsync();
        Assert.Contains(Links.ListRoutes(), route => route.LinkIndex == bridge.Index);
    }

    [Fact]
    public async Task Confine_PacketForTheClusterOnAnotherDevice_IsDropped()
    {
        await using var test = await TestEngine.StartAsync(network: true);
        var options = test.Options.Network!;
        // Another way out: a device that is not ours, with a better route to an address of the Service network.
        var name = "cd" + options.BridgeName[2..];
        var target = new IPNetwork(IPAddress.Parse(options.ClusterNetworks[1].BaseAddress.ToString()[..^1] + "77"), 32);
        Links.Apply(new AddBridge(name));
        await File.WriteAllTextAsync($"/proc/sys/net/ipv6/conf/{name}/disable_ipv6", "1");
        try
        {
            var index = Links.Find(name)!.Index;
            Links.Apply(new SetUp(index), new AddAddress(index, IPAddress.Parse("192.0.2.1"), 32), new AddRoute(target, null, index));
            var (exit, _) = await test.RunToEndAsync(test.Spec($"echo x | nc -u -w 1 {target.BaseAddress} 9 || true; ping -c 1 -W 1 {target.BaseAddress}"));
            Assert.NotEqual(0, exit.Code);
            var rules = await new NftCommand(test.Engine.Processes, test.Options.NftablesTable).ListAsync(TestEngine.Timeout);
            Assert.Matches("counter packets [1-9][0-9]* bytes [0-9]+ drop", rules);
            // It was dropped before anyone asked for a neighbour on that device.
            Assert.DoesNotContain(target.BaseAddress.ToString(), await ArpTableAsync());
        }
        finally
        {
            Links.Apply(new DeleteLink(name));
        }
    }

    [Fact]
    public async Task DeleteAll_ByAnEngineThatWasNotStarted_LeavesNoLinkRouteRuleOrMount()
    {
        await using var test = await TestEngine.StartAsync(network: true);
        await test.Network.AttachAsync(new NetworkAttachRequest("one", "one"), TestEngine.Timeout);
        var status = await test.RunAsync(test.Spec("sleep 600"));
        await test.ReopenAsync(start: false);
        await test.DeleteAllAsync();
        var options = test.Options.Network!;
        Assert.DoesNotContain(Links.List(), link => link.Name.StartsWith(options.BridgeName, StringComparison.Ordinal));
        Assert.DoesNotContain(Links.ListRoutes(), route => options.ClusterNetworks.Contains(route.Destination));
        Assert.Equal("", await new NftCommand(test.Engine.Processes, test.Options.NftablesTable).ListAsync(TestEngine.Timeout));
        Assert.DoesNotContain(test.Options.RunDirectory, await File.ReadAllTextAsync("/proc/self/mountinfo"));
        Assert.DoesNotContain(test.Options.DataDirectory, await File.ReadAllTextAsync("/proc/self/mountinfo"));
        Assert.False(Directory.Exists($"/proc/{status.Pid}"));
        Assert.Empty(Directory.EnumerateDirectories("/sys/fs/cgroup", Path.GetFileName(test.Options.CgroupParent) + "*", new EnumerationOptions { RecurseSubdirectories = true, MaxRecursionDepth = 2 }));
        Assert.Empty(Directory.EnumerateFileSystemEntries(test.Options.DataDirectory));
        Assert.Empty(Directory.EnumerateFileSystemEntries(test.Options.RunDirectory));
    }

    private static Task<string> ArpTableAsync() => File.ReadAllTextAsync("/proc/net/arp");

    private static ContainerSpec InSandbox(ContainerSpec spec, NetworkAttachment attachment) => spec with
    {
        Namespaces = new ContainerNamespaces
        {
            Network = attachment.NetworkNamespacePath,
            Ipc = attachment.IpcNamespacePath,
            Uts = attachment.UtsNamespacePath,
        },
    };
}
