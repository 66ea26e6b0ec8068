using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using Coxswain.Engine.Events;
using Coxswain.Engine.Networks;
using Coxswain.Linux.Links;
using Coxswain.Linux.Namespaces;
using Coxswain.Linux.Nftables;
using Coxswain.Linux.Processes;
using Microsoft.Extensions.Logging;

namespace Coxswain.Engine.Local.Networks;

/// <summary>
/// Docker's kind of networks: bridges with addresses, names and published ports. A bridge is there from the first container on it on;
/// a machine on which nobody uses them has no device and no rule of theirs.
/// </summary>
public sealed partial class LocalNetworks : IAsyncDisposable
{
    /// <summary>Bridges, and the space their names are found in, are few.</summary>
    private const int MostNetworks = 1000;

    private readonly EngineOptions _options;
    private readonly ILinks _links;
    private readonly INftables _nftables;
    private readonly IEngineEvents _events;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly LocalNetworkStore _store;
    private readonly SandboxEndpoints _inside;
    private readonly string _mark;
    private readonly ConcurrentDictionary<string, LocalNetwork> _networks = new(StringComparer.Ordinal);
    private readonly Dictionary<string, AddressPool> _pools = new(StringComparer.Ordinal);
    private readonly Dictionary<string, LocalDnsServer> _names = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, LocalSandbox> _sandboxes = new(StringComparer.Ordinal);
    private readonly SemaphoreSlim _changing = new(1, 1);

    internal LocalNetworks(
        EngineOptions options, ILinks links, INamespaces namespaces, INftables nftables, IEngineEvents events, TimeProvider time, ILogger logger)
    {
        _options = options;
        _links = links;
        _nftables = nftables;
        _events = events;
        _time = time;
        _logger = logger;
        _mark = MarkOf(options);
        _store = new LocalNetworkStore(options);
        _inside = new SandboxEndpoints(links, namespaces, _mark);
    }

    /// <summary>Knows again what is on disk, and makes the three that are always there.</summary>
    public void Load()
    {
        foreach (var network in _store.Load())
        {
            _networks[network.Id] = network;
        }

        AddPredefined(LocalNetwork.Host, "host");
        AddPredefined(LocalNetwork.None, "null");
        if (Find(LocalNetwork.Default) is null)
        {
            Add(Describe(new LocalNetworkSpec(LocalNetwork.Default), $"{_options.Network?.BridgeName ?? "cox0"}-dkr"));
        }
    }

    public IReadOnlyList<LocalNetwork> List() =>
        [.. _networks.Values.OrderBy(network => network.CreatedAt).ThenBy(network => network.Id, StringComparer.Ordinal)];

    /// <summary>By name, id or the beginning of an id; null when there is none.</summary>
    public LocalNetwork? Find(string nameOrId)
    {
        if (_networks.TryGetValue(nameOrId, out var exact))
        {
            return exact;
        }

        if (_networks.Values.FirstOrDefault(network => network.Name == nameOrId) is { } named)
        {
            return named;
        }

        var matches = nameOrId.Length == 0
            ? []
            : _networks.Values.Where(network => network.Id.StartsWith(nameOrId, StringComparison.Ordinal)).Take(2).ToArray();
        return matches.Length == 1 ? matches[0] : null;
    }

    public LocalNetwork Get(string nameOrId) =>
        Find(nameOrId == "default" ? LocalNetwork.Default : nameOrId)
            ?? throw new LocalException(LocalErrorKind.NotFound, $"network {nameOrId} not found");

    public async Task<LocalNetwork> CreateAsync(LocalNetworkSpec spec, CancellationToken cancellationToken)
    {
        if (spec.Driver is not ("bridge" or "default" or ""))
        {
            throw new LocalException(LocalErrorKind.NotFound, $"could not find plugin {spec.Driver} in v1 plugin registry: only the driver bridge is here");
        }

        await _changing.WaitAsync(cancellationToken);
        try
        {
            if (_networks.Values.Any(network => network.Name == spec.Name))
            {
                throw new LocalException(LocalErrorKind.Conflict, $"network with name {spec.Name} already exists");
            }

            if (_networks.Count >= MostNetworks)
            {
                throw new LocalException(LocalErrorKind.Forbidden, $"there are {MostNetworks} networks already");
            }

            var network = Describe(spec, null);
            Add(network);
            Publish(EngineEventType.NetworkCreated, network);
            return network;
        }
        finally
        {
            _changing.Release();
        }
    }

    public async Task RemoveAsync(string nameOrId, CancellationToken cancellationToken)
    {
        await _changing.WaitAsync(cancellationToken);
        try
        {
            var network = Get(nameOrId);
            if (network.IsPredefined)
            {
                throw new LocalException(LocalErrorKind.Forbidden, $"{network.Name} is a pre-defined network and cannot be removed");
            }

            if (SandboxesOn(network.Id) is { Count: > 0 } users)
            {
                throw new LocalException(
                    LocalErrorKind.Forbidden,
                    $"error while removing network: network {network.Name} has active endpoints (name:\"{users[0].Sandbox.Name}\" id:\"{users[0].Endpoint.Id[..LocalSandbox.ShortIdLength]}\")");
            }

            await TakeDownAsync(network);
            _store.Delete(network.Id);
            _networks.TryRemove(network.Id, out _);
            await ApplyRulesAsync(cancellationToken);
            Publish(EngineEventType.NetworkDestroyed, network);
        }
        finally
        {
            _changing.Release();
        }
    }

    /// <summary>Who is on a network right now, by container.</summary>
    public IReadOnlyList<(string ContainerId, string Name, Endpoint Endpoint)> EndpointsOn(string networkId) =>
        [.. SandboxesOn(networkId).Select(user => (user.Sandbox.ContainerId, user.Sandbox.Name, user.Endpoint))];

    /// <summary>Makes a container's namespace, links it to its networks and publishes its ports; all of it, or nothing is left.</summary>
    internal async Task<LocalSandbox> AttachAsync(
        LocalSandbox sandbox, IReadOnlyList<Endpoint> wanted, IReadOnlyList<PublishSpec> publish, CancellationToken cancellationToken)
    {
        await _changing.WaitAsync(cancellationToken);
        try
        {
            await _inside.MakeAsync(sandbox, cancellationToken);
            try
            {
                foreach (var endpoint in wanted)
                {
                    await ConnectAsync(sandbox, endpoint, cancellationToken);
                }

                foreach (var spec in publish)
                {
                    var reservation = PortReservation.Take(spec);
                    sandbox.Reservations.Add(reservation);
                    sandbox.Ports.Add(new PublishedPort(spec.Port, spec.Protocol, Wildcard(spec.HostAddress), reservation.Port));
                }

                _sandboxes[sandbox.ContainerId] = sandbox;
                await ApplyRulesAsync(cancellationToken);
                foreach (var endpoint in sandbox.Endpoints)
                {
                    Publish(EngineEventType.NetworkConnected, _networks[endpoint.NetworkId], sandbox.ContainerId);
                }

                return sandbox;
            }
            catch
            {
                await DetachAsync(sandbox);
                throw;
            }
        }
        finally
        {
            _changing.Release();
        }
    }

    /// <summary>Knows a container again that has run on without us.</summary>
    internal async Task AdoptAsync(
        LocalSandbox sandbox, IReadOnlyList<Endpoint> endpoints, IReadOnlyList<PublishedPort> ports, CancellationToken cancellationToken)
    {
        await _changing.WaitAsync(cancellationToken);
        try
        {
            foreach (var endpoint in endpoints.Where(endpoint => endpoint.Address.Length > 0 && _networks.ContainsKey(endpoint.NetworkId)))
            {
                var network = _networks[endpoint.NetworkId];
                PoolOf(network).Reserve(IPAddress.Parse(endpoint.Address));
                EnsureBridge(network);
                sandbox.Endpoints = sandbox.Endpoints.Add(endpoint);
            }

            sandbox.Ports = [.. ports];
            foreach (var port in ports)
            {
                try
                {
                    sandbox.Reservations.Add(
                        PortReservation.Take(new PublishSpec(port.Port, port.Protocol, port.HostAddress, port.HostPort, port.HostPort)));
                }
                catch (LocalException exception)
                {
                    // The rules lead there all the same.
                    Log.PortTaken(_logger, exception, port.HostPort, sandbox.Name);
                }
            }

            _sandboxes[sandbox.ContainerId] = sandbox;
            await ApplyRulesAsync(cancellationToken);
        }
        finally
        {
            _changing.Release();
        }
    }

    /// <summary>Takes a container off its networks. Idempotent.</summary>
    internal async Task DetachAsync(string containerId)
    {
        await _changing.WaitAsync(CancellationToken.None);
        try
        {
            if (_sandboxes.TryRemove(containerId, out var sandbox))
            {
                foreach (var endpoint in sandbox.Endpoints)
                {
                    Publish(EngineEventType.NetworkDisconnected, _networks.GetValueOrDefault(endpoint.NetworkId), containerId);
                }

                await DetachAsync(sandbox);
            }
        }
        finally
        {
            _changing.Release();
        }
    }

    /// <summary>Joins a running container to one more network.</summary>
    internal async Task<Endpoint> ConnectAsync(string containerId, Endpoint wanted, CancellationToken cancellationToken)
    {
        await _changing.WaitAsync(cancellationToken);
        try
        {
            var sandbox = _sandboxes[containerId];
            var endpoint = await ConnectAsync(sandbox, wanted, cancellationToken);
            await ApplyRulesAsync(cancellationToken);
            Publish(EngineEventType.NetworkConnected, _networks[endpoint.NetworkId], containerId);
            return endpoint;
        }
        finally
        {
            _changing.Release();
        }
    }

    internal async Task DisconnectAsync(string containerId, string networkId, CancellationToken cancellationToken)
    {
        await _changing.WaitAsync(cancellationToken);
        try
        {
            if (!_sandboxes.TryGetValue(containerId, out var sandbox)
                || sandbox.Endpoints.Find(endpoint => endpoint.NetworkId == networkId) is not { } endpoint)
            {
                return;
            }

            sandbox.Endpoints = sandbox.Endpoints.Remove(endpoint);
            var next = sandbox.Reachable(IsInternal) is { } other ? _networks[other.NetworkId] : null;
            await _inside.DisconnectAsync(sandbox, endpoint, next, cancellationToken);
            Free(endpoint);
            await ApplyRulesAsync(cancellationToken);
            Publish(EngineEventType.NetworkDisconnected, _networks.GetValueOrDefault(networkId), containerId);
        }
        finally
        {
            _changing.Release();
        }
    }

    internal void Rename(string containerId, string name)
    {
        if (_sandboxes.TryGetValue(containerId, out var sandbox))
        {
            sandbox.Name = name;
        }
    }

    /// <summary>Removes every device, rule and record. For the end of a cluster; what still runs loses its network.</summary>
    public async Task DeleteAllAsync(CancellationToken cancellationToken)
    {
        await _changing.WaitAsync(cancellationToken);
        try
        {
            foreach (var sandbox in _sandboxes.Values)
            {
                await DetachAsync(sandbox);
            }

            _sandboxes.Clear();
            foreach (var network in List())
            {
                await TakeDownAsync(network);
            }

            _links.Apply([.. _links.List().Where(link => link.Alias == _mark).Select(link => new DeleteLink(link.Name))]);
            await _nftables.DeleteTableAsync(cancellationToken);
            _networks.Clear();
            _store.DeleteAll();
        }
        finally
        {
            _changing.Release();
        }
    }

    /// <summary>Takes all devices and rules of an engine down, as a reboot would; networks stay known. For when nothing of it runs.</summary>
    public static Task TakeDownAsync(EngineOptions options, IProcessRunner processes, CancellationToken cancellationToken)
    {
        var links = new RtnetlinkLinks();
        var mark = MarkOf(options);
        links.Apply([.. links.List().Where(link => link.Alias == mark).Select(link => new DeleteLink(link.Name))]);
        return new NftCommand(processes, TableOf(options)).DeleteTableAsync(cancellationToken);
    }

    /// <summary>Lets go: devices and rules stay for what runs.</summary>
    public async ValueTask DisposeAsync()
    {
        foreach (var names in _names.Values)
        {
            await names.DisposeAsync();
        }

        foreach (var reservation in _sandboxes.Values.SelectMany(sandbox => sandbox.Reservations))
        {
            reservation.Dispose();
        }

        _changing.Dispose();
    }

    internal static string TableOf(EngineOptions options) => $"{options.NftablesTable}-local";

    /// <summary>Written on our devices, so that nobody takes them for others'.</summary>
    private static string MarkOf(EngineOptions options)
    {
        const int LongestMark = 250;
        var mark = "coxswain local " + options.DataDirectory;
        return mark.Length > LongestMark ? mark[..LongestMark] : mark;
    }

    private static string Wildcard(string address) => address is "0.0.0.0" or "::" or "[::]" ? "" : address;

    private bool IsInternal(string networkId) => _networks.TryGetValue(networkId, out var network) && network.Internal;

    private List<(LocalSandbox Sandbox, Endpoint Endpoint)> SandboxesOn(string networkId) =>
        [.. _sandboxes.Values.SelectMany(sandbox => sandbox.Endpoints
            .Where(endpoint => endpoint.NetworkId == networkId).Select(endpoint => (sandbox, endpoint)))];

    private async Task<Endpoint> ConnectAsync(LocalSandbox sandbox, Endpoint wanted, CancellationToken cancellationToken)
    {
        var network = _networks.GetValueOrDefault(wanted.NetworkId)
            ?? throw new LocalException(LocalErrorKind.NotFound, $"network {wanted.NetworkName} not found");
        var bridge = EnsureBridge(network);
        // It may have got other addresses when its device was made.
        network = _networks[network.Id];
        var pool = PoolOf(network);
        var address = wanted.WantedAddress is { } asked ? TakeAddress(network, pool, asked) : TakeAddress(network, pool);
        var id = RandomNumberGenerator.GetHexString(64, lowercase: true);
        var endpoint = wanted with
        {
            NetworkName = network.Name,
            Id = id,
            Address = address.ToString(),
            MacAddress = "02:42:" + string.Join(':', address.GetAddressBytes().Select(part => part.ToString("x2", CultureInfo.InvariantCulture))),
            HostLink = $"vl{id[..LocalSandbox.ShortIdLength]}",
        };
        try
        {
            await _inside.ConnectAsync(sandbox, endpoint, network, bridge, cancellationToken);
        }
        catch
        {
            _links.Apply(new DeleteLink(endpoint.HostLink));
            pool.Free(address);
            throw;
        }

        sandbox.Endpoints = sandbox.Endpoints.Add(endpoint);
        return endpoint;
    }

    private static IPAddress TakeAddress(LocalNetwork network, AddressPool pool, string wanted) =>
        IPAddress.TryParse(wanted, out var address) && IPNetwork.Parse(network.Subnet).Contains(address)
            ? pool.Reserve(address) && wanted != network.Gateway
                ? address
                : throw new LocalException(LocalErrorKind.Forbidden, $"Address already in use: {wanted} on network {network.Name}")
            : throw new LocalException(LocalErrorKind.Invalid, $"{wanted} is no address of network {network.Name} ({network.Subnet})");

    /// <summary>The gateway, where it is not the first address, is nobody else's, and a range narrows what is given out.</summary>
    private static IPAddress TakeAddress(LocalNetwork network, AddressPool pool)
    {
        if (network.AddressRange.Length == 0)
        {
            return pool.Take();
        }

        var range = IPNetwork.Parse(network.AddressRange);
        var bytes = range.BaseAddress.GetAddressBytes();
        var first = System.Buffers.Binary.BinaryPrimitives.ReadUInt32BigEndian(bytes);
        for (uint offset = 0; offset < 1u << (32 - range.PrefixLength); offset++)
        {
            System.Buffers.Binary.BinaryPrimitives.WriteUInt32BigEndian(bytes, first + offset);
            if (new IPAddress(bytes) is var candidate && pool.Reserve(candidate))
            {
                return candidate;
            }
        }

        throw new LocalException(LocalErrorKind.Failed, $"no address is free in {network.AddressRange} of network {network.Name}");
    }

    private async Task DetachAsync(LocalSandbox sandbox)
    {
        sandbox.Reservations.ForEach(reservation => reservation.Dispose());
        sandbox.Reservations.Clear();
        _inside.Remove(sandbox);
        foreach (var endpoint in sandbox.Endpoints)
        {
            Free(endpoint);
        }

        if (sandbox.Ports.Count > 0)
        {
            sandbox.Ports = [];
            await ApplyRulesAsync(CancellationToken.None);
        }
    }

    private void Free(Endpoint endpoint)
    {
        if (_networks.TryGetValue(endpoint.NetworkId, out var network) && endpoint.Address.Length > 0)
        {
            PoolOf(network).Free(IPAddress.Parse(endpoint.Address));
        }
    }

    private AddressPool PoolOf(LocalNetwork network)
    {
        if (!_pools.TryGetValue(network.Id, out var pool))
        {
            _pools[network.Id] = pool = new AddressPool(IPNetwork.Parse(network.Subnet));
            pool.Reserve(IPAddress.Parse(network.Gateway));
        }

        return pool;
    }

    /// <summary>The device's index; it is made, or made whole, when needed.</summary>
    private int EnsureBridge(LocalNetwork network)
    {
        if (_links.Find(network.BridgeName) is not { } bridge)
        {
            network = WithFreeSubnet(network);
            _links.Apply(new AddBridge(network.BridgeName, network.Mtu), new SetAlias(network.BridgeName, _mark));
            bridge = _links.Find(network.BridgeName) ?? throw new EngineException($"the bridge {network.BridgeName} is not there");
        }
        else if (bridge.Alias != _mark)
        {
            throw new LocalException(LocalErrorKind.Failed, $"a device {network.BridgeName} is there and not ours");
        }

        _links.Apply(
            new AddAddress(bridge.Index, IPAddress.Parse(network.Gateway), IPNetwork.Parse(network.Subnet).PrefixLength),
            new SetUp(bridge.Index));
        // For answers to what the machine itself asked by a published port of its loopback.
        File.WriteAllText($"/proc/sys/net/ipv4/conf/{network.BridgeName}/route_localnet", "1");
        File.WriteAllText("/proc/sys/net/ipv4/ip_forward", "1");
        if (!_names.ContainsKey(network.Id))
        {
            _names[network.Id] = LocalDnsServer.Start(
                IPAddress.Parse(network.Gateway), new LocalNames(network.Id, _sandboxes, _networks), _time, _logger);
        }

        return bridge.Index;
    }

    /// <summary>The default network was never asked for by anybody: when its addresses are taken meanwhile, it gets others.</summary>
    private LocalNetwork WithFreeSubnet(LocalNetwork network)
    {
        if (SubnetChoice.FindClash(_links, IPNetwork.Parse(network.Subnet), network.BridgeName) is not { } clash)
        {
            return network;
        }

        if (network.Name != LocalNetwork.Default)
        {
            throw new LocalException(
                LocalErrorKind.Failed, $"the addresses {network.Subnet} of network {network.Name} clash with {clash} of the machine");
        }

        _pools.Remove(network.Id);
        var subnet = SubnetChoice.Choose(_links, Taken());
        var moved = network with { Subnet = subnet.ToString(), Gateway = new AddressPool(subnet).Gateway.ToString() };
        Add(moved);
        return moved;
    }

    private List<IPNetwork> Taken() =>
        [.. _networks.Values.Where(network => network.Subnet.Length > 0).Select(network => IPNetwork.Parse(network.Subnet)),
            .. _options.Network?.ClusterNetworks ?? []];

    private async Task TakeDownAsync(LocalNetwork network)
    {
        if (_names.Remove(network.Id, out var names))
        {
            await names.DisposeAsync();
        }

        _pools.Remove(network.Id);
        if (network.BridgeName.Length > 0 && _links.Find(network.BridgeName) is { } bridge && bridge.Alias == _mark)
        {
            _links.Apply(new DeleteLink(network.BridgeName));
        }
    }

    private async Task ApplyRulesAsync(CancellationToken cancellationToken)
    {
        var present = _links.List().Select(link => link.Name).ToHashSet(StringComparer.Ordinal);
        var bridges = List().Where(network => present.Contains(network.BridgeName)).ToArray();
        var ports = _sandboxes.Values.SelectMany(sandbox => sandbox.Reachable(IsInternal) is { } endpoint
            ? sandbox.Ports.Select(port => (port, IPAddress.Parse(endpoint.Address)))
            : []).ToArray();
        if (bridges.Length > 0 || ports.Length > 0)
        {
            await _nftables.ApplyAsync(LocalRules.Script(_nftables.TableName, bridges, ports), cancellationToken);
        }
        else
        {
            await _nftables.DeleteTableAsync(cancellationToken);
        }
    }

    private LocalNetwork Describe(LocalNetworkSpec spec, string? bridgeName)
    {
        var id = RandomNumberGenerator.GetHexString(64, lowercase: true);
        var subnet = spec.Subnet is null ? SubnetChoice.Choose(_links, Taken()) : ParseSubnet(spec.Subnet);
        if (spec.Subnet is not null && Taken().FirstOrDefault(other => SubnetChoice.Overlap(subnet, other)) is var clash && clash != default)
        {
            throw new LocalException(LocalErrorKind.Forbidden, $"invalid pool request: Pool overlaps with other one on this address space ({clash})");
        }

        var gateway = spec.Gateway ?? new AddressPool(subnet).Gateway.ToString();
        if (!IPAddress.TryParse(gateway, out var parsed) || !subnet.Contains(parsed))
        {
            throw new LocalException(LocalErrorKind.Invalid, $"the gateway {gateway} is no address of {subnet}");
        }

        return new LocalNetwork
        {
            Id = id,
            Name = spec.Name,
            Driver = "bridge",
            CreatedAt = _time.GetUtcNow(),
            Subnet = subnet.ToString(),
            Gateway = gateway,
            AddressRange = spec.AddressRange ?? "",
            BridgeName = bridgeName ?? $"br-{id[..LocalSandbox.ShortIdLength]}",
            Internal = spec.Internal,
            Attachable = spec.Attachable,
            Mtu = spec.Options.GetValueOrDefault("com.docker.network.driver.mtu") is { } mtu
                && int.TryParse(mtu, NumberStyles.None, CultureInfo.InvariantCulture, out var bytes) ? bytes : 1500,
            Labels = spec.Labels,
            Options = spec.Options,
        };
    }

    private static IPNetwork ParseSubnet(string text) =>
        IPNetwork.TryParse(text, out var subnet) && subnet.BaseAddress.GetAddressBytes().Length == 4 && subnet.PrefixLength is >= 8 and <= 30
            ? subnet
            : throw new LocalException(LocalErrorKind.Invalid, $"invalid subnet {text}: an IPv4 network of /8 to /30 is needed");

    private void AddPredefined(string name, string driver)
    {
        if (Find(name) is null)
        {
            Add(new LocalNetwork
            {
                Id = RandomNumberGenerator.GetHexString(64, lowercase: true),
                Name = name,
                Driver = driver,
                CreatedAt = _time.GetUtcNow(),
            });
        }
    }

    private void Add(LocalNetwork network)
    {
        _store.Save(network);
        _networks[network.Id] = network;
    }

    private void Publish(EngineEventType type, LocalNetwork? network, string? container = null)
    {
        if (network is null)
        {
            return;
        }

        var attributes = new Dictionary<string, string> { [EventAttributes.Name] = network.Name, ["type"] = network.Driver };
        if (container is not null)
        {
            attributes[EventAttributes.Container] = container;
        }

        _events.Publish(type, network.Id, attributes);
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Warning, "Port {Port} of container {Container} is taken by another process meanwhile")]
        public static partial void PortTaken(ILogger logger, Exception exception, int port, string container);
    }
}
