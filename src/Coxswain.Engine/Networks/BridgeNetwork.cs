using System.Collections.Concurrent;
using System.Net;
using Coxswain.Linux.Files;
using Coxswain.Linux.Links;
using Coxswain.Linux.Mounts;
using Coxswain.Linux.Namespaces;
using Coxswain.Linux.Nftables;
using Microsoft.Extensions.Logging;

namespace Coxswain.Engine.Networks;

/// <summary>The container network of one engine, on a bridge.</summary>
internal sealed partial class BridgeNetwork : IContainerNetwork, IDisposable
{
    private const int LongestBridgeName = 10;

    private readonly ILinks _links;
    private readonly INamespaces _namespaces;
    private readonly INftables _nftables;
    private readonly IMounts _mounts;
    private readonly ILogger<BridgeNetwork> _logger;
    private readonly string _sandboxes;
    private readonly AttachmentStore _store;
    private readonly SandboxLinks _sandboxLinks;
    private readonly AddressPool _pool;
    private readonly ConcurrentDictionary<string, NetworkAttachment> _attachments = new(StringComparer.Ordinal);
    private readonly SemaphoreSlim _ensuring = new(1, 1);
    private int _bridgeIndex;

    public BridgeNetwork(
        EngineOptions engine,
        ContainerNetworkOptions options,
        ILinks links,
        INamespaces namespaces,
        INftables nftables,
        IMounts mounts,
        ILogger<BridgeNetwork> logger)
    {
        if (options.BridgeName.Length is 0 or > LongestBridgeName)
        {
            throw new EngineException($"bridge name '{options.BridgeName}' is not 1 to {LongestBridgeName} characters long");
        }

        Options = options;
        _links = links;
        _namespaces = namespaces;
        _nftables = nftables;
        _mounts = mounts;
        _logger = logger;
        _sandboxes = Path.Combine(engine.RunDirectory, "sandboxes");
        _store = new AttachmentStore(Path.Combine(engine.DataDirectory, "network"), logger);
        _sandboxLinks = new SandboxLinks(options, links, namespaces);
        _pool = new AddressPool(options.Subnet);
    }

    public ContainerNetworkOptions Options { get; }

    public async Task EnsureAsync(CancellationToken cancellationToken)
    {
        await _ensuring.WaitAsync(cancellationToken);
        try
        {
            // Rules first: there is never a moment in which a packet could leave.
            await _nftables.ApplyAsync(NetworkRules.Script(_nftables.TableName, Options), cancellationToken);
            EnsureBridge();
            Adopt();
        }
        finally
        {
            _ensuring.Release();
        }
    }

    public async Task<NetworkAttachment> AttachAsync(NetworkAttachRequest request, CancellationToken cancellationToken)
    {
        Names.Check("sandbox", request.SandboxId);
        if (_attachments.TryGetValue(request.SandboxId, out var existing))
        {
            return existing;
        }

        if (_bridgeIndex == 0)
        {
            throw new EngineException("the network is not up");
        }

        var attachment = Describe(request.SandboxId, request.Hostname, _pool.Take());
        var record = new AttachmentRecord(
            attachment.SandboxId, attachment.Hostname, attachment.Address.ToString(), attachment.HostLink);
        try
        {
            await _store.SaveAsync(record, cancellationToken);
            await _sandboxLinks.CreateAsync(attachment, request, _bridgeIndex, cancellationToken);
        }
        catch (Exception exception)
        {
            TakeBack(attachment, exception);
            throw;
        }

        _attachments[attachment.SandboxId] = attachment;
        return attachment;
    }

    public Task DetachAsync(string sandboxId, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (_attachments.TryRemove(sandboxId, out var attachment))
        {
            try
            {
                Remove(attachment);
            }
            catch
            {
                // Known still, so that it can be tried again.
                _attachments[sandboxId] = attachment;
                throw;
            }
        }

        return Task.CompletedTask;
    }

    public IReadOnlyList<NetworkAttachment> List() =>
        [.. _attachments.Values.OrderBy(attachment => attachment.SandboxId, StringComparer.Ordinal)];

    public NetworkAttachment? Find(string sandboxId) => _attachments.GetValueOrDefault(sandboxId);

    public async Task DeleteAllAsync(CancellationToken cancellationToken)
    {
        foreach (var attachment in List())
        {
            await DetachAsync(attachment.SandboxId, cancellationToken);
        }

        DeletePorts(_links.List());
        _bridgeIndex = 0;
        _links.Apply(
        [
            new DeleteLink(Options.BridgeName),
            .. NetworkRules.LastResortRoutes(Options).Select(route =>
                new RemoveRoute(route.Destination, route.Gateway, route.LinkIndex, route.Type, route.Metric)),
        ]);
        await _nftables.DeleteTableAsync(cancellationToken);
        _store.DeleteAll();
        if (Directory.Exists(_sandboxes))
        {
            // Also those of an earlier run that nobody has adopted.
            foreach (var sandbox in Directory.EnumerateDirectories(_sandboxes))
            {
                _namespaces.Delete(sandbox);
            }

            TreeRemover.Remove(_sandboxes);
        }
    }

    public void Dispose() => _ensuring.Dispose();

    private void EnsureBridge()
    {
        _links.Apply([.. NetworkRules.LastResortRoutes(Options).Select(ToChange)]);
        _links.Apply(new AddBridge(Options.BridgeName, Options.Mtu));
        var bridge = _links.Find(Options.BridgeName)
            ?? throw new EngineException($"bridge {Options.BridgeName} is gone as soon as made");
        var mac = SandboxLinks.MacOf(_pool.Gateway);
        if (bridge.MacAddress != mac)
        {
            // A bridge without one of its own takes its ports' addresses in turn, and sandboxes lose their gateway each time.
            _links.Apply(new SetMac(bridge.Index, mac));
        }

        _links.Apply(
        [
            new AddAddress(bridge.Index, _pool.Gateway, Options.Subnet.PrefixLength),
            new SetUp(bridge.Index),
            .. NetworkRules.Routes(Options, bridge.Index).Select(ToChange),
        ]);
        // IPv6 on the bridge would only announce itself; and forwarding is what makes a gateway of us.
        WriteIfPresent($"/proc/sys/net/ipv6/conf/{Options.BridgeName}/disable_ipv6", "1");
        WriteIfPresent($"/proc/sys/net/ipv4/conf/{Options.BridgeName}/send_redirects", "0");
        WriteIfPresent("/proc/sys/net/ipv4/ip_forward", "1");
        _bridgeIndex = bridge.Index;
    }

    private static LinkChange ToChange(Route route) =>
        new AddRoute(route.Destination, route.Gateway, route.LinkIndex, route.Type, route.Metric);

    private static void WriteIfPresent(string file, string value)
    {
        if (File.Exists(file) && File.ReadAllText(file).Trim() != value)
        {
            File.WriteAllText(file, value);
        }
    }

    /// <summary>Keeps the attachments whose sandbox is whole, and removes all that is left of others.</summary>
    private void Adopt()
    {
        var pinned = _mounts.List().Select(mount => mount.MountPoint).ToHashSet(StringComparer.Ordinal);
        var links = _links.List();
        var ports = links.Where(link => link.MasterIndex == _bridgeIndex)
            .Select(link => link.Name).ToHashSet(StringComparer.Ordinal);
        foreach (var record in _store.Load())
        {
            var attachment = Describe(record.SandboxId, record.Hostname, IPAddress.Parse(record.Address));
            if (_attachments.ContainsKey(record.SandboxId))
            {
                continue;
            }

            // Reserved in either case: Remove frees it, and never one that is another's.
            if (!_pool.Reserve(attachment.Address))
            {
                Log.SandboxBroken(_logger, record.SandboxId, record.Address);
                _namespaces.Delete(attachment.Directory);
                _store.Delete(record.SandboxId);
            }
            else if (pinned.Contains(attachment.NetworkNamespacePath) && ports.Contains(attachment.HostLink))
            {
                _attachments[record.SandboxId] = attachment;
            }
            else
            {
                Log.SandboxBroken(_logger, record.SandboxId, record.Address);
                Remove(attachment);
            }
        }

        var known = _attachments.Values.Select(attachment => attachment.HostLink).ToHashSet(StringComparer.Ordinal);
        DeletePorts(links.Where(link => !known.Contains(link.Name)));
    }

    /// <summary>Deletes links by the names we give them; they may lie outside the bridge when it was made anew.</summary>
    private void DeletePorts(IEnumerable<Link> links) => _links.Apply(
        [.. links.Where(link => link.Name.StartsWith(Options.BridgeName + "-", StringComparison.Ordinal))
            .Select(link => new DeleteLink(link.Name))]);

    private NetworkAttachment Describe(string sandboxId, string hostname, IPAddress address) => new(
        sandboxId,
        hostname,
        Path.Combine(_sandboxes, sandboxId),
        address,
        32,
        _pool.Gateway,
        $"{Options.BridgeName}-{_pool.OffsetOf(address):x}");

    /// <summary>
    /// Unpinned and empty, a namespace goes and takes both ends of its link along. The kernel does that in the background,
    /// for many at once; deleting a link ourselves would hold up every other change of links for some 20 ms.
    /// </summary>
    private void Remove(NetworkAttachment attachment)
    {
        _namespaces.Delete(attachment.Directory);
        _store.Delete(attachment.SandboxId);
        _pool.Free(attachment.Address);
    }

    private void TakeBack(NetworkAttachment attachment, Exception cause)
    {
        try
        {
            Remove(attachment);
        }
        catch (Exception exception)
        {
            throw new EngineException(
                $"sandbox {attachment.SandboxId} could not be attached, nor what was made of it removed",
                new AggregateException(cause, exception));
        }
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Warning, "Sandbox {Sandbox} is no longer whole and gives up its address {Address}")]
        public static partial void SandboxBroken(ILogger logger, string sandbox, string address);
    }
}
