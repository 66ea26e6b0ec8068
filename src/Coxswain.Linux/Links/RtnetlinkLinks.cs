using System.Buffers.Binary;
using System.Net;
using System.Text;
using Coxswain.Linux.Interop;
using static Coxswain.Linux.Links.Rtnetlink;

namespace Coxswain.Linux.Links;

/// <summary>Speaks rtnetlink: a new socket a call, so that it acts on whatever namespace its caller is in.</summary>
public sealed class RtnetlinkLinks : ILinks
{
    public IReadOnlyList<Link> List()
    {
        var links = new List<Link>();
        Dump(GetLink, new byte[16], body => links.Add(ReadLink(body)));
        return links;
    }

    public Link? Find(string name) => List().FirstOrDefault(link => link.Name == name);

    public IReadOnlyList<LinkAddress> ListAddresses()
    {
        var addresses = new List<LinkAddress>();
        Dump(GetAddress, new byte[8], body => ReadAddress(body, addresses));
        return addresses;
    }

    public IReadOnlyList<Route> ListRoutes()
    {
        var routes = new List<Route>();
        Dump(GetRoute, [FamilyIPv4, .. new byte[11]], body => ReadRoute(body, routes));
        return routes;
    }

    public void Apply(params IReadOnlyList<LinkChange> changes)
    {
        if (changes.Count == 0)
        {
            return;
        }

        var netns = new Dictionary<string, int>(StringComparer.Ordinal);
        try
        {
            var message = new NetlinkMessage();
            foreach (var change in changes)
            {
                LinkEncoder.Encode(change, message, path => OpenNetns(path, netns));
            }

            using var socket = new NetlinkSocket();
            var answers = socket.Exchange(message);
            for (var i = 0; i < answers.Length; i++)
            {
                if (answers[i] != 0 && !LinkEncoder.Tolerates(changes[i], answers[i]))
                {
                    throw new LinuxException(changes[i].ToString(), answers[i]);
                }
            }
        }
        finally
        {
            foreach (var fd in netns.Values)
            {
                _ = LibC.close(fd);
            }
        }
    }

    private static int OpenNetns(string path, Dictionary<string, int> opened)
    {
        if (!opened.TryGetValue(path, out var fd))
        {
            fd = LibC.open(path, LibC.O_RDONLY | LibC.O_CLOEXEC, 0);
            opened[path] = fd >= 0 ? fd : throw new LinuxException($"open {path}", LibC.Errno);
        }

        return fd;
    }

    private static void Dump(ushort type, byte[] body, NetlinkSocket.BodyReader read)
    {
        var request = new NetlinkMessage();
        request.Begin(type, NetlinkFlags.Request | NetlinkFlags.Dump).Raw(body).End();
        using var socket = new NetlinkSocket();
        socket.Dump(request, read);
    }

    private static Link ReadLink(ReadOnlySpan<byte> body)
    {
        var index = BinaryPrimitives.ReadInt32LittleEndian(body[4..]);
        var flags = BinaryPrimitives.ReadUInt32LittleEndian(body[8..]);
        string name = "", kind = "", mac = "", alias = "";
        int master = 0, mtu = 0;
        NetlinkSocket.ReadAttributes(body[16..], (type, value) =>
        {
            switch (type)
            {
                case LinkName:
                    name = Text(value);
                    break;
                case LinkAlias:
                    alias = Text(value);
                    break;
                case LinkMaster:
                    master = BinaryPrimitives.ReadInt32LittleEndian(value);
                    break;
                case LinkMtu:
                    mtu = BinaryPrimitives.ReadInt32LittleEndian(value);
                    break;
                case Rtnetlink.LinkAddress when value.Length == 6:
                    mac = string.Join(':', value.ToArray().Select(part => part.ToString("x2")));
                    break;
                case LinkInfo:
                    NetlinkSocket.ReadAttributes(value, (inner, text) => kind = inner == InfoKind ? Text(text) : kind);
                    break;
            }
        });
        return new Link(index, name, kind, (flags & FlagUp) != 0, master, mtu, mac) { Alias = alias };
    }

    private static void ReadAddress(ReadOnlySpan<byte> body, List<LinkAddress> addresses)
    {
        var prefix = body[1];
        var index = BinaryPrimitives.ReadInt32LittleEndian(body[4..]);
        IPAddress? local = null, address = null;
        NetlinkSocket.ReadAttributes(body[8..], (type, value) =>
        {
            local = type == AddressLocal ? new IPAddress(value) : local;
            address = type == AddressAddress ? new IPAddress(value) : address;
        });
        // For a point-to-point device the address is the far side's; the local one is always ours.
        if ((local ?? address) is { } ours)
        {
            addresses.Add(new LinkAddress(index, ours, prefix));
        }
    }

    private static void ReadRoute(ReadOnlySpan<byte> body, List<Route> routes)
    {
        var (prefix, table, routeType) = (body[1], body[4], (RouteType)body[7]);
        var destination = IPAddress.Any;
        IPAddress? gateway = null;
        int link = 0, metric = 0;
        NetlinkSocket.ReadAttributes(body[12..], (type, value) =>
        {
            switch (type)
            {
                case RouteDestination:
                    destination = new IPAddress(value);
                    break;
                case RouteGateway:
                    gateway = new IPAddress(value);
                    break;
                case RouteLink:
                    link = BinaryPrimitives.ReadInt32LittleEndian(value);
                    break;
                case RoutePriority:
                    metric = BinaryPrimitives.ReadInt32LittleEndian(value);
                    break;
            }
        });
        if (table == TableMain)
        {
            routes.Add(new Route(new IPNetwork(destination, prefix), gateway, link, routeType, metric));
        }
    }

    private static string Text(ReadOnlySpan<byte> value) => Encoding.UTF8.GetString(value.TrimEnd((byte)0));
}
