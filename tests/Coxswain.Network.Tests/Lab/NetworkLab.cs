using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Coxswain.Linux.Namespaces;
using Coxswain.Linux.Processes;

namespace Coxswain.Network.Tests.Lab;

/// <summary>
/// A node and its pods, each a network namespace of its own, wired as the engine does it: pods have a /32 address and reach
/// everything through the node's bridge. Nothing of the machine's own network is touched.
/// </summary>
public sealed class NetworkLab : IAsyncLifetime
{
    public const string Bridge = "cox0";
    public const string NodeAddress = "10.244.0.1";
    private const string Prefix = "cxnet";
    private const string Pinned = "/run/netns";

    internal static readonly KernelEvents Events = new();
    private static readonly ProcessRunner Processes = new(Events);
    private static readonly KernelNamespaces Namespaces = new();
    private readonly string _prefix = $"{Prefix}{Environment.ProcessId}-{Guid.NewGuid().ToString("n")[..4]}-";
    private readonly List<LabServer> _servers = [];

    internal IProcessRunner Node { get; private set; } = null!;

    public async Task InitializeAsync()
    {
        await RemoveLeftoversAsync();
        await CreateAsync("node");
        Node = new NetnsRunner(Processes, Name("node"));
        await RunAsync(
            $"""
            link add {Bridge} type bridge
            link set {Bridge} up
            addr add {NodeAddress}/24 dev {Bridge}
            route add 10.96.0.0/12 dev {Bridge}
            """,
            "node");
        await Node.RunAsync(
            new ProcessSpec(
                "sysctl", "-qw", "net.ipv4.ip_forward=1", $"net.ipv4.conf.{Bridge}.route_localnet=1",
                $"net.ipv4.conf.{Bridge}.send_redirects=0", "net.ipv4.conf.all.send_redirects=0"),
            default);
    }

    /// <summary>Makes a pod with that address.</summary>
    public async Task AddPodAsync(string address)
    {
        await CreateAsync(address);
        var link = $"v{address[(address.LastIndexOf('.') + 1)..]}";
        await RunAsync(
            $"""
            link add {link} type veth peer name eth0 netns {Name(address)}
            link set {link} master {Bridge} up
            link set {link} type bridge_slave hairpin on
            """,
            "node");
        await RunAsync(
            $"""
            addr add {address}/32 dev eth0
            link set eth0 up
            route add {NodeAddress} dev eth0
            route add default via {NodeAddress}
            """,
            address);
    }

    /// <summary>Listens in a pod (or "node") and answers every connection or datagram with the server's name and the client's address.</summary>
    public async Task<LabServer> ServeAsync(string where, int port, ProtocolType protocol = ProtocolType.Tcp)
    {
        var server = new LabServer(await SocketAsync(where, protocol), where, port);
        _servers.Add(server);
        return server;
    }

    /// <summary>Connects from a pod (or "node") and returns what the server says.</summary>
    public async Task<LabAnswer> AskAsync(string where, string address, int port, ProtocolType protocol = ProtocolType.Tcp)
    {
        using var socket = await ConnectAsync(where, address, port, protocol);
        return await AskAsync(socket);
    }

    public async Task<Socket> ConnectAsync(string where, string address, int port, ProtocolType protocol)
    {
        var socket = await SocketAsync(where, protocol);
        using var timeout = new CancellationTokenSource(TimeSpan.FromSeconds(10));
        try
        {
            await socket.ConnectAsync(IPAddress.Parse(address), port, timeout.Token);
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>What the server at the other end says; a datagram is sent to ask.</summary>
    public static async Task<LabAnswer> AskAsync(Socket socket)
    {
        using var timeout = new CancellationTokenSource(TimeSpan.FromSeconds(10));
        if (socket.ProtocolType == ProtocolType.Udp)
        {
            await socket.SendAsync(new byte[] { 1 }, timeout.Token);
        }

        var buffer = new byte[256];
        var length = await socket.ReceiveAsync(buffer, timeout.Token);
        var words = Encoding.ASCII.GetString(buffer, 0, length).Split(' ');
        return new LabAnswer(words[0], words[1]);
    }

    /// <summary>Makes something that belongs to the node's network namespace.</summary>
    public Task<T> InNodeAsync<T>(Func<T> make) => Namespaces.RunInAsync(Path.Combine(Pinned, Name("node")), make, default);

    public Task<Socket> SocketAsync(string where, ProtocolType protocol) =>
        Namespaces.RunInAsync(
            Path.Combine(Pinned, Name(where)),
            () => new Socket(AddressFamily.InterNetwork, protocol == ProtocolType.Tcp ? SocketType.Stream : SocketType.Dgram, protocol),
            default);

    public async Task DisposeAsync()
    {
        foreach (var server in _servers)
        {
            await server.DisposeAsync();
        }

        await RemoveAsync(name => name.StartsWith(_prefix, StringComparison.Ordinal));
    }

    private async Task CreateAsync(string where)
    {
        await Processes.RunAsync(new ProcessSpec("ip", "netns", "add", Name(where)), default);
        await RunAsync("link set lo up", where);
    }

    private Task RunAsync(string batch, string where) =>
        Processes.RunAsync(
            new ProcessSpec("ip", "-n", Name(where), "-batch", "-") { Input = Encoding.UTF8.GetBytes(batch + "\n") }, default);

    private string Name(string where) => _prefix + where;

    /// <summary>What runs left that were killed.</summary>
    private static Task RemoveLeftoversAsync() => RemoveAsync(name =>
        name.StartsWith(Prefix, StringComparison.Ordinal)
        && int.TryParse(name[Prefix.Length..].Split('-')[0], CultureInfo.InvariantCulture, out var pid)
        && ProcessInfo.StartTime(pid) == 0);

    private static async Task RemoveAsync(Func<string, bool> isOurs)
    {
        var names = Directory.Exists(Pinned) ? Directory.GetFiles(Pinned).Select(path => Path.GetFileName(path)!) : [];
        foreach (var name in names.Where(isOurs))
        {
            await Processes.RunAsync(new ProcessSpec("ip", "netns", "del", name), default);
        }
    }
}

/// <param name="Server">Where the server that answered is.</param>
/// <param name="Client">The client's address as the server saw it.</param>
public sealed record LabAnswer(string Server, string Client);
