namespace Coxswain.Linux.Links;

/// <summary>One network namespace's devices, addresses and routes, without a kernel. The far ends of veths are not kept.</summary>
public sealed class InMemoryLinks : ILinks
{
    private const int EINVAL = 22;
    private const int ENODEV = 19;

    private readonly Lock _lock = new();
    private readonly List<Link> _links = [new Link(WellKnownLinks.Loopback, "lo", "", true, 0, 65536, "")];
    private readonly List<LinkAddress> _addresses = [];
    private readonly List<Route> _routes = [];
    private int _lastIndex = WellKnownLinks.Loopback;

    public IReadOnlyList<Link> List() => Copy(_links);

    public Link? Find(string name) => List().FirstOrDefault(link => link.Name == name);

    public IReadOnlyList<LinkAddress> ListAddresses() => Copy(_addresses);

    public IReadOnlyList<Route> ListRoutes() => Copy(_routes);

    public void Apply(params IReadOnlyList<LinkChange> changes)
    {
        lock (_lock)
        {
            foreach (var change in changes)
            {
                Apply(change);
            }
        }
    }

    private void Apply(LinkChange change)
    {
        switch (change)
        {
            case AddBridge bridge:
                Add(bridge.Name, "bridge", false, 0, bridge.Mtu);
                break;
            case AddDummy dummy:
                Add(dummy.Name, "dummy", false, 0, 1500);
                break;
            case AddVeth veth:
                Add(veth.Name, "veth", true, veth.MasterIndex, veth.Mtu);
                break;
            case SetUp set:
                Replace(set.LinkIndex, link => link with { IsUp = set.Up });
                break;
            case SetMaster set:
                Replace(set.LinkIndex, link => link with { MasterIndex = set.MasterIndex });
                break;
            case SetMac set:
                Replace(set.LinkIndex, link => link with { MacAddress = set.MacAddress });
                break;
            case SetBridgePort set:
                _ = _links.Find(link => link.Name == set.Name) ?? throw new LinuxException(set.ToString(), ENODEV);
                break;
            case DeleteLink delete:
                Delete(delete.Name);
                break;
            case AddAddress add when !_addresses.Contains(new LinkAddress(add.LinkIndex, add.Address, add.PrefixLength)):
                Replace(add.LinkIndex, link => link);
                _addresses.Add(new LinkAddress(add.LinkIndex, add.Address, add.PrefixLength));
                break;
            case RemoveAddress remove:
                _addresses.Remove(new LinkAddress(remove.LinkIndex, remove.Address, remove.PrefixLength));
                break;
            case AddRoute add:
                _routes.RemoveAll(route => route.Destination.Equals(add.Destination) && route.Metric == add.Metric);
                _routes.Add(new Route(add.Destination, add.Gateway, add.LinkIndex, add.Type, add.Metric));
                break;
            case RemoveRoute remove:
                _routes.Remove(new Route(remove.Destination, remove.Gateway, remove.LinkIndex, remove.Type, remove.Metric));
                break;
        }
    }

    private void Add(string name, string kind, bool up, int master, int mtu)
    {
        const int LongestName = 15;
        if (name.Length is 0 or > LongestName)
        {
            throw new LinuxException($"add link {name}", EINVAL);
        }

        if (_links.All(link => link.Name != name))
        {
            _links.Add(new Link(++_lastIndex, name, kind, up, master, mtu, $"02:00:00:00:00:{_lastIndex:x2}"));
        }
    }

    private void Replace(int index, Func<Link, Link> change)
    {
        var position = _links.FindIndex(link => link.Index == index);
        _links[position >= 0 ? position : throw new LinuxException($"change link {index}", ENODEV)] = change(_links[position]);
    }

    private void Delete(string name)
    {
        if (_links.Find(link => link.Name == name) is { } gone)
        {
            _links.Remove(gone);
            _addresses.RemoveAll(address => address.LinkIndex == gone.Index);
            _routes.RemoveAll(route => route.LinkIndex == gone.Index);
        }
    }

    private List<T> Copy<T>(List<T> items)
    {
        lock (_lock)
        {
            return [.. items];
        }
    }
}
