using System.Net;
using Coxswain.Engine.Containers;
using Coxswain.Engine.Networks;
using Coxswain.Engine.Tests.Containers;
using Coxswain.Linux.Links;
using Coxswain.Linux.Namespaces;
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

        // With the bridge down its routes are gone, and the ones that lead nowhere take their place. Nobody is there to mend it.
        await test.CloseAsync();
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

    [Fact]
    public async Task Bridge_DeletedFromOutside_IsMadeAnewWithItsPorts()
    {
        await using var test = await TestEngine.StartAsync(network: true);
        var options = test.Options.Network!;
        var attachment = await test.Network.AttachAsync(new NetworkAttachRequest("one", "one"), TestEngine.Timeout);
        var lost = await test.Network.AttachAsync(new NetworkAttachRequest("two", "two"), TestEngine.Timeout);
        // A sandbox whose own link goes as well gets another one.
        Links.Apply(new DeleteLink(options.BridgeName), new DeleteLink(lost.HostLink));
        await UntilAsync(
            () => Links.Find(options.BridgeName) is { IsUp: true } bridge
                && Links.Find(attachment.HostLink)?.MasterIndex == bridge.Index && Links.Find(lost.HostLink)?.MasterIndex == bridge.Index
                && Links.ListRoutes().Count(route => route.LinkIndex == bridge.Index) == options.ClusterNetworks.Count,
            "the bridge");
        foreach (var sandbox in new[] { attachment, lost })
        {
            var script = $"for i in 1 2 3 4 5 6 7 8 9; do ping -c 1 -W 1 {sandbox.Gateway} && exit 0; sleep 0.2; done; ip addr; ip route; ip neigh; exit 1";
            var (exit, log) = await test.RunToEndAsync(InSandbox(test.Spec(script), sandbox));
            Assert.True(exit.Code == 0, $"{sandbox.SandboxId} does not reach its gateway: {log}");
        }
    }

    [Fact]
    public async Task Rules_DeletedFromOutside_AreMadeAnew()
    {
        await using var test = await TestEngine.StartAsync(network: true);
        var nft = new NftCommand(test.Engine.Processes, test.Options.NftablesTable);
        await nft.DeleteTableAsync(TestEngine.Timeout);
        await UntilAsync(
            async () => (await nft.ListAsync(TestEngine.Timeout)).Contains("chain guard", StringComparison.Ordinal), "the rules");
    }

    [Fact]
    public async Task Guard_NeighbourThatRoutesHere_ReachesNoSandboxButAnswersOne()
    {
        await using var test = await TestEngine.StartAsync(network: true);
        var pod = await test.Network.AttachAsync(new NetworkAttachRequest("pod", "pod"), TestEngine.Timeout);
        // A machine beside this one, on a device that is not ours.
        var namespaces = new KernelNamespaces();
        var directory = Path.Combine(test.Options.RunDirectory, "neighbour");
        var neighbour = await namespaces.CreateAsync(directory, "neighbour", TestEngine.Timeout);
        var name = "cn" + test.Options.Network!.BridgeName[2..];
        try
        {
            Links.Apply(new AddVeth(name, "eth0", neighbour.NetworkPath, 0));
            Links.Apply(new AddAddress(Links.Find(name)!.Index, IPAddress.Parse("198.51.100.1"), 24));
            await namespaces.RunInAsync(
                neighbour.NetworkPath,
                () =>
                {
                    Links.Apply(
                        new AddAddress(WellKnownLinks.SandboxPeer, IPAddress.Parse("198.51.100.2"), 24),
                        new SetUp(WellKnownLinks.SandboxPeer),
                        new AddRoute(test.Options.Network.Subnet, IPAddress.Parse("198.51.100.1"), WellKnownLinks.SandboxPeer));
                    return true;
                },
                TestEngine.Timeout);
            var inside = test.Spec($"ping -c 1 -W 1 {pod.Address}") with
            {
                Namespaces = new ContainerNamespaces { Network = neighbour.NetworkPath },
            };
            Assert.NotEqual(0, (await test.RunToEndAsync(inside)).Exit.Code);
            Assert.Equal(0, (await test.RunToEndAsync(InSandbox(test.Spec("ping -c 1 -W 5 198.51.100.2"), pod))).Exit.Code);
        }
        finally
        {
            Links.Apply(new DeleteLink(name));
            namespaces.Delete(directory);
        }
    }

    [Fact]
    public async Task Attach_Sysctls_LandInTheSandboxOrAreRefused()
    {
        await using var test = await TestEngine.StartAsync(network: true);
        var pattern = await File.ReadAllTextAsync("/proc/sys/kernel/core_pattern");
        var msgmax = await File.ReadAllTextAsync("/proc/sys/kernel/msgmax");
        foreach (var name in new[] { "kernel.core_pattern", "net/../kernel/core_pattern" })
        {
            var bad = new NetworkAttachRequest("bad", "bad", new Dictionary<string, string> { [name] = "|/bin/evil" });
            await Assert.ThrowsAsync<EngineException>(() => test.Network.AttachAsync(bad, TestEngine.Timeout));
        }

        Assert.Equal(pattern, await File.ReadAllTextAsync("/proc/sys/kernel/core_pattern"));
        Assert.Empty(test.Network.List());
        var settings = new Dictionary<string, string> { ["kernel.msgmax"] = "4321", ["net.ipv4.ip_unprivileged_port_start"] = "78" };
        var sandbox = await test.Network.AttachAsync(new NetworkAttachRequest("good", "good", settings), TestEngine.Timeout);
        var spec = InSandbox(test.Spec("cat /proc/sys/kernel/msgmax /proc/sys/net/ipv4/ip_unprivileged_port_start"), sandbox);
        Assert.Equal("4321\n78\n", (await test.RunToEndAsync(spec)).Log);
        Assert.Equal(msgmax, await File.ReadAllTextAsync("/proc/sys/kernel/msgmax"));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task SharedMemory_OfASandbox_IsOneForItsContainers(bool ownNetwork)
    {
        await using var test = await TestEngine.StartAsync(network: true);
        string ipc, shm;
        if (ownNetwork)
        {
            var attachment = await test.Network.AttachAsync(new NetworkAttachRequest("one", "one"), TestEngine.Timeout);
            (ipc, shm) = (attachment.IpcNamespacePath, attachment.ShmPath);
        }
        else
        {
            var sandbox = await test.Engine.Sandboxes.EnsureAsync("one", null, 1 << 20, TestEngine.Timeout);
            (ipc, shm) = (sandbox.IpcNamespacePath, sandbox.ShmPath);
            Assert.Equal(sandbox, await test.Engine.Sandboxes.EnsureAsync("one", null, 1 << 20, TestEngine.Timeout));
        }

        ContainerSpec Spec(string script) => test.Spec(script) with
        {
            ShmPath = shm,
            Namespaces = new ContainerNamespaces { Network = ContainerNamespaces.Host, Ipc = ipc },
        };
        await test.RunToEndAsync(Spec("echo shared > /dev/shm/file"));
        Assert.Equal("shared\n", (await test.RunToEndAsync(Spec("cat /dev/shm/file"))).Log);
        await test.Network.DetachAsync("one", TestEngine.Timeout);
        await test.Engine.Sandboxes.RemoveAsync("one", TestEngine.Timeout);
        Assert.DoesNotContain(shm, await File.ReadAllTextAsync("/proc/self/mountinfo"));
    }

    private static Task UntilAsync(Func<bool> holds, string awaited) => UntilAsync(() => Task.FromResult(holds()), awaited);

    private static async Task UntilAsync(Func<Task<bool>> holds, string awaited)
    {
        var cancellation = TestEngine.Timeout;
        while (!await holds())
        {
            Assert.False(cancellation.IsCancellationRequested, $"awaited {awaited}");
            await Task.Yield();
        }
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
