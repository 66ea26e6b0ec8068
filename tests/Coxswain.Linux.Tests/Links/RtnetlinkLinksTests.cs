using System.Net;
using System.Security.Cryptography;
using Coxswain.Linux.Links;
using Coxswain.Linux.Namespaces;

namespace Coxswain.Linux.Tests.Links;

/// <summary>All inside namespaces of their own, pinned below the temporary directory.</summary>
public sealed class RtnetlinkLinksTests : IDisposable
{
    private readonly KernelNamespaces _namespaces = new();
    private readonly RtnetlinkLinks _links = new();
    private readonly string _directory =
        Path.Combine(Path.GetTempPath(), "coxswain-links-" + RandomNumberGenerator.GetHexString(8, lowercase: true));

    public void Dispose()
    {
        if (Directory.Exists(_directory))
        {
            foreach (var pinned in Directory.EnumerateDirectories(_directory))
            {
                _namespaces.Delete(pinned);
            }

            Directory.Delete(_directory, recursive: true);
        }
    }

    [Fact]
    public async Task Create_Namespaces_AreNewAndPinnedAndGoAway()
    {
        var pinned = await CreateAsync("one");
        Assert.All(["net", "ipc", "uts"], kind => Assert.Contains(
            $"{pinned.Directory}/{kind}", File.ReadAllText("/proc/self/mountinfo")));
        var links = await InAsync(pinned, _links.List);
        var only = Assert.Single(links, link => link.Kind.Length == 0);
        Assert.Equal((WellKnownLinks.Loopback, "lo", false), (only.Index, only.Name, only.IsUp));
        _namespaces.Delete(pinned.Directory);
        _namespaces.Delete(pinned.Directory);
        Assert.DoesNotContain(pinned.Directory, File.ReadAllText("/proc/self/mountinfo"));
        Assert.False(Directory.Exists(pinned.Directory));
    }

    [Fact]
    public async Task Apply_BridgeAndVeth_AreListedOnBothSides()
    {
        var (host, sandbox) = (await CreateAsync("host"), await CreateAsync("sandbox"));
        var links = await InAsync(host, () =>
        {
            _links.Apply(new AddBridge("br0", 1400), new AddBridge("br0"));
            var bridge = _links.Find("br0")!.Index;
            _links.Apply(
                new AddVeth("port0", "eth0", sandbox.NetworkPath, bridge, 1400, "0a:58:0a:01:02:03"),
                new SetBridgePort("port0", Isolated: true),
                new SetMac(bridge, "0a:58:0a:01:02:01"),
                new AddAddress(bridge, IPAddress.Parse("10.1.2.1"), 24),
                new AddAddress(bridge, IPAddress.Parse("10.1.2.1"), 24),
                new SetUp(bridge));
            return _links.List();
        });
        var br0 = links.Single(link => link.Name == "br0");
        Assert.Equal(("bridge", true, 1400, "0a:58:0a:01:02:01"), (br0.Kind, br0.IsUp, br0.Mtu, br0.MacAddress));
        Assert.Equal(("veth", br0.Index), links.Where(link => link.Name == "port0").Select(link => (link.Kind, link.MasterIndex)).Single());
        var inside = await InAsync(sandbox, () => _links.Find("eth0")!);
        Assert.Equal((WellKnownLinks.SandboxPeer, "0a:58:0a:01:02:03", 1400), (inside.Index, inside.MacAddress, inside.Mtu));
        Assert.Contains(await InAsync(host, _links.ListAddresses), item => item.Address.ToString() == "10.1.2.1" && item.PrefixLength == 24);
        Assert.Null(await InAsync(host, () =>
        {
            _links.Apply(new DeleteLink("port0"), new DeleteLink("port0"));
            return _links.Find("port0");
        }));
        Assert.Null(await InAsync(sandbox, () => _links.Find("eth0")));
    }

    [Fact]
    public async Task Apply_Routes_AreAddedReplacedAndRemoved()
    {
        var host = await CreateAsync("host");
        var network = IPNetwork.Parse("10.9.0.0/16");
        await InAsync(host, () =>
        {
            _links.Apply(new AddBridge("br0"));
            var bridge = _links.Find("br0")!.Index;
            _links.Apply(
                new SetUp(bridge),
                new AddRoute(network, null, 0, RouteType.Unreachable, 5000),
                new AddRoute(network, null, 0, RouteType.Unreachable, 5000),
                new AddRoute(network, null, bridge));
            Assert.Equal(
                [(RouteType.Unicast, bridge, 0), (RouteType.Unreachable, _links.Find("lo")!.Index, 5000)],
                _links.ListRoutes().Where(route => route.Destination.Equals(network))
                    .Select(route => (route.Type, route.LinkIndex == 0 ? 1 : route.LinkIndex, route.Metric)).Order());
            _links.Apply(
                new RemoveRoute(network, null, bridge),
                new RemoveRoute(network, null, bridge),
                new RemoveRoute(network, null, 0, RouteType.Unreachable, 5000));
            Assert.Empty(_links.ListRoutes());
            return true;
        });
    }

    [Fact]
    public async Task Apply_Refused_NamesTheChangeAndTriesTheRest()
    {
        var host = await CreateAsync("host");
        var exception = await Assert.ThrowsAsync<LinuxException>(() => InAsync(host, () =>
        {
            _links.Apply(new SetUp(4711), new AddBridge("br0"));
            return true;
        }));
        Assert.Contains("SetUp { LinkIndex = 4711", exception.Message);
        Assert.NotNull(await InAsync(host, () => _links.Find("br0")));
    }

    private Task<PinnedNamespaces> CreateAsync(string name) =>
        _namespaces.CreateAsync(Path.Combine(_directory, name), name, CancellationToken.None);

    private Task<T> InAsync<T>(PinnedNamespaces pinned, Func<T> action) =>
        _namespaces.RunInAsync(pinned.NetworkPath, action, CancellationToken.None);
}
