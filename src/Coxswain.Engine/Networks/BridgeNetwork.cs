using System.Collections.Concurrent;
using System.Net;
using System.Text.RegularExpressions;
using Coxswain.Engine.Claims;
using Coxswain.Engine.Sandboxes;
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
    /// <summary>The kernel takes 15; some are kept for what is named after the bridge.</summary>
    private const int LongestBridgeName = 10;
    private const int LongestMark = 250;

    private readonly ILinks _links;
    private readonly INamespaces _namespaces;
    private readonly INftables _nftables;
    private readonly IMounts _mounts;
    private readonly MachineClaims _claims;
    private readonly ForwardPolicy _forwarding;
    private readonly NetworkWatch _watch;
    private readonly ILogger<BridgeNetwork> _logger;
    private readonly string _sandboxes;
    private readonly string _mark;
    private readonly AttachmentStore _store;
    private readonly SandboxLinks _sandboxLinks;
    private readonly BridgeDevice _bridge;
    private readonly AddressPool _pool;
    private readonly ConcurrentDictionary<string, NetworkAttachment> _attachments = new(StringComparer.Ordinal);
    private readonly SemaphoreSlim _ensuring = new(1, 1);
    private volatile int _bridgeIndex;
    private string? _rules;

    public BridgeNetwork(
        EngineOptions engine,
        ContainerNetworkOptions options,
        ILinks links,
        INamespaces namespaces,
        INftables nftables,
        IMounts mounts,
        MachineClaims claims,
        ForwardPolicy forwarding,
        NetworkWatch watch,
        ILogger<BridgeNetwork> logger)
    {
        Options = options;
        _links = links;
        _namespaces = namespaces;
        _nftables = nftables;
        _mounts = mounts;
        _claims = claims;
        _forwarding = forwarding;
        _watch = watch;
        _logger = logger;
        var mark = BridgeDevice.MarkPrefix + engine.DataDirectory;
        _mark = mark.Length > LongestMark ? mark[..LongestMark] : mark;
        _sandboxes = Path.Combine(engine.RunDirectory, "sandboxes");
        _store = new AttachmentStore(Path.Combine(engine.DataDirectory, "network"), logger);
        _sandboxLinks = new SandboxLinks(options, _mark, links, namespaces, new SharedMemory(mounts));
        _pool = new AddressPool(options.Subnet);
        _bridge = new BridgeDevice(options, _pool.Gateway, _mark, links);
    }

    public ContainerNetworkOptions Options { get; }

    public string? Obstacle { get; private set; }

    /// <summary>What of the machine only one network can have.</summary>
    public static IReadOnlyList<string> Claims(EngineOptions engine, ContainerNetworkOptions options) =>
        [$"bridge {options.BridgeName}", $"nftables table {engine.NftablesTable}"];

    public async Task EnsureAsync(CancellationToken cancellationToken)
    {
        await _ensuring.WaitAsync(cancellationToken);
        try
        {
            CheckName();
            CheckOtherClusters();
            NetworkRanges.Check(Options, _links);
            _bridge.CheckFree();
            var hadTable = (await _nftables.ListAsync(cancellationToken)).Length > 0;
            var before = _bridge.Remember();
            try
            {
                // Rules first: there is never a moment in which a packet could leave.
                await _nftables.ApplyAsync(NetworkRules.Script(_nftables.TableName, Options), cancellationToken);
                _bridgeIndex = _bridge.Ensure();
                Adopt();
            }
            catch
            {
                await UndoAsync(before, hadTable);
                throw;
            }
        }
        finally
        {
            _ensuring.Release();
        }
    }

    public Task WatchAsync(CancellationToken cancellationToken) => _watch.RunAsync(
        change => change is null or { Rules: true } or { Routes: true } || change.Links.Contains(_bridgeIndex),
        MendAsync,
        cancellationToken);

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

        SandboxSysctls.Check(request.Sysctls);
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
        await _ensuring.WaitAsync(cancellationToken);
        try
        {
            foreach (var attachment in List())
            {
                await DetachAsync(attachment.SandboxId, cancellationToken);
            }

            _bridgeIndex = 0;
            if (_claims.Has($"bridge {Options.BridgeName}"))
            {
                DeletePorts(_links.List());
                _bridge.Delete(OthersNetworks());
                await _nftables.DeleteTableAsync(cancellationToken);
            }

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
        finally
        {
            _ensuring.Release();
        }
    }

    public void Dispose() => _ensuring.Dispose();

    [GeneratedRegex("packets [0-9]+ bytes [0-9]+")]
    private static partial Regex Counters { get; }

    /// <summary>Asked only of what is to be made: a network of a wrong name must be removable.</summary>
    private void CheckName()
    {
        if (Options.BridgeName.Length is 0 or > LongestBridgeName)
        {
            throw new EngineException($"bridge name '{Options.BridgeName}' is not 1 to {LongestBridgeName} characters long");
        }
    }

    /// <summary>Two clusters with the same addresses would answer for each other.</summary>
    private void CheckOtherClusters()
    {
        foreach (var other in _claims.Others())
        {
            foreach (var theirs in other.Networks.Select(IPNetwork.Parse))
            {
                if (Options.ClusterNetworks.Append(Options.Subnet).FirstOrDefault(ours => NetworkRanges.Overlap(ours, theirs)) is var ours
                    && ours != default)
                {
                    var flag = Options.RangeFlags.GetValueOrDefault(ours.ToString());
                    throw new EngineInUseException(
                        $"the range {ours} clashes with {theirs} of the cluster in {other.Owner}"
                        + (flag is null ? "" : $"; choose another with {flag}"));
                }
            }
        }
    }

    private List<IPNetwork> OthersNetworks() => [.. _claims.Others().SelectMany(other => other.Networks).Select(IPNetwork.Parse)];

    private async Task UndoAsync(BridgeBefore before, bool hadTable)
    {
        _bridgeIndex = 0;
        _bridge.Restore(before, OthersNetworks());
        if (!hadTable)
        {
            await _nftables.DeleteTableAsync(CancellationToken.None);
        }
    }

    private async Task MendAsync(bool rules, CancellationToken cancellationToken)
    {
        await _ensuring.WaitAsync(cancellationToken);
        try
        {
            if (_bridgeIndex == 0)
            {
                return;
            }

            if (rules)
            {
                await MendRulesAsync(cancellationToken);
                await LookForObstacleAsync(cancellationToken);
            }

            if (!_bridge.IsWhole())
            {
                Log.BridgeMended(_logger, Options.BridgeName);
                _bridgeIndex = _bridge.Ensure();
            }

            await ReconnectAsync(cancellationToken);
        }
        finally
        {
            _ensuring.Release();
        }
    }

    private async Task MendRulesAsync(CancellationToken cancellationToken)
    {
        var listed = await ListRulesAsync(cancellationToken);
        if (_rules is null && NetworkRules.Chains.All(chain => listed.Contains($"chain {chain} ", StringComparison.Ordinal)))
        {
            _rules = listed;
        }
        else if (listed != _rules)
        {
            Log.RulesMended(_logger, _nftables.TableName);
            await _nftables.ApplyAsync(NetworkRules.Script(_nftables.TableName, Options), cancellationToken);
            _rules = await ListRulesAsync(cancellationToken);
        }
    }

    private async Task<string> ListRulesAsync(CancellationToken cancellationToken) =>
        Counters.Replace(await _nftables.ListAsync(cancellationToken), "");

    private async Task LookForObstacleAsync(CancellationToken cancellationToken)
    {
        var obstacle = await _forwarding.FindObstacleAsync(cancellationToken);
        if (obstacle is not null && obstacle != Obstacle)
        {
            Log.ForwardingDropped(_logger, obstacle, Options.BridgeName);
        }

        Obstacle = obstacle;
    }

    /// <summary>A bridge that goes lets go of its ports; a port that goes takes the sandbox's end along.</summary>
    private async Task ReconnectAsync(CancellationToken cancellationToken)
    {
        var links = _links.List().ToDictionary(link => link.Name, StringComparer.Ordinal);
        foreach (var attachment in List())
        {
            try
            {
                if (!links.TryGetValue(attachment.HostLink, out var port))
                {
                    await _sandboxLinks.ConnectAsync(attachment, _bridgeIndex, null, cancellationToken);
                }
                else if (port.MasterIndex != _bridgeIndex || !port.IsUp)
                {
                    _links.Apply(new SetMaster(port.Index, _bridgeIndex), new SetUp(port.Index));
                }
            }
            catch (Exception exception) when (!cancellationToken.IsCancellationRequested && _attachments.ContainsKey(attachment.SandboxId))
            {
                Log.NotReconnected(_logger, exception, attachment.SandboxId);
                // Half a link would look like a whole one to the next look.
                _links.Apply(new DeleteLink(attachment.HostLink));
            }
            catch (Exception) when (!cancellationToken.IsCancellationRequested)
            {
                // Detached meanwhile.
            }
        }
    }

    /// <summary>Keeps the attachments whose sandbox is whole, and removes all that is left of others.</summary>
    private void Adopt()
    {
        var pinned = _mounts.List().Select(mount => mount.MountPoint).ToHashSet(StringComparer.Ordinal);
        var links = _links.List();
        var ports = links.Where(IsPort).ToDictionary(link => link.Name, StringComparer.Ordinal);
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
            else if (pinned.Contains(attachment.NetworkNamespacePath) && ports.TryGetValue(attachment.HostLink, out var port))
            {
                _attachments[record.SandboxId] = attachment;
                _links.Apply(new SetAlias(port.Name, _mark), new SetMaster(port.Index, _bridgeIndex), new SetUp(port.Index));
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

    /// <summary>By the mark on them; those of an engine that did not make marks hang on the bridge.</summary>
    private bool IsPort(Link link) => link.Name != Options.BridgeName && link.Kind == "veth"
        && (link.Alias == _mark || (link.Alias.Length == 0 && link.MasterIndex != 0 && link.MasterIndex == _links.Find(Options.BridgeName)?.Index));

    private void DeletePorts(IEnumerable<Link> links) =>
        _links.Apply([.. links.Where(IsPort).Select(link => new DeleteLink(link.Name))]);

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

        [LoggerMessage(LogLevel.Warning, "Bridge {Bridge}, its address or its routes were taken away and are made anew")]
        public static partial void BridgeMended(ILogger logger, string bridge);

        [LoggerMessage(LogLevel.Warning, "Rules of table {Table} were taken away and are made anew")]
        public static partial void RulesMended(ILogger logger, string table);

        [LoggerMessage(LogLevel.Warning, "Sandbox {Sandbox} could not be linked to the bridge again")]
        public static partial void NotReconnected(ILogger logger, Exception exception, string sandbox);

        [LoggerMessage(LogLevel.Warning,
            "{Obstacle}: containers reach nothing beyond this machine unless it accepts what comes from and goes to {Bridge}")]
        public static partial void ForwardingDropped(ILogger logger, string obstacle, string bridge);
    }
}
