using System.Collections.Concurrent;
using System.Net;

namespace Coxswain.Engine.Local.Networks;

/// <summary>What the containers of one network are called, as one of them sees it.</summary>
internal sealed class LocalNames(
    string networkId, ConcurrentDictionary<string, LocalSandbox> sandboxes, ConcurrentDictionary<string, LocalNetwork> networks)
{
    /// <summary>Null when nobody is called so; a name may belong to several.</summary>
    public IReadOnlyList<IPAddress>? Find(IPAddress asker, string name)
    {
        if (FindSandbox(asker) is not { } own)
        {
            return null;
        }

        var shared = Named(own);
        var links = own.Endpoints.SelectMany(endpoint => endpoint.Links)
            .Select(link => link.Split(':', 2)).Where(link => link.Length == 2 && Same(link[1], name)).Select(link => link[0]).ToArray();
        var found = new List<IPAddress>();
        foreach (var sandbox in sandboxes.Values)
        {
            foreach (var endpoint in sandbox.Endpoints.Where(endpoint => shared.Contains(endpoint.NetworkId)))
            {
                if (Same(sandbox.Name, name) || Same(sandbox.ContainerId[..LocalSandbox.ShortIdLength], name)
                    || endpoint.Aliases.Any(alias => Same(alias, name)) || links.Any(link => Same(link, sandbox.Name)))
                {
                    found.Add(IPAddress.Parse(endpoint.Address));
                }
            }
        }

        return found.Count > 0 ? found : null;
    }

    /// <summary>The name of an address on a network that the asker is on too; null for strangers.</summary>
    public string? FindName(IPAddress asker, IPAddress address)
    {
        if (FindSandbox(asker) is not { } own)
        {
            return null;
        }

        var shared = Named(own);
        var text = address.ToString();
        return sandboxes.Values.SelectMany(sandbox => sandbox.Endpoints
                .Where(endpoint => endpoint.Address == text && shared.Contains(endpoint.NetworkId))
                .Select(endpoint => $"{sandbox.Name}.{endpoint.NetworkName}"))
            .FirstOrDefault();
    }

    public IReadOnlyList<string> ServersOf(IPAddress asker) => FindSandbox(asker)?.Dns ?? [];

    private LocalSandbox? FindSandbox(IPAddress asker)
    {
        var text = asker.ToString();
        return sandboxes.Values.FirstOrDefault(sandbox =>
            sandbox.Endpoints.Any(endpoint => endpoint.NetworkId == networkId && endpoint.Address == text));
    }

    /// <summary>The networks of a container on which names count: all but the default one, as in Docker.</summary>
    private HashSet<string> Named(LocalSandbox sandbox) =>
        [.. sandbox.Endpoints.Select(endpoint => endpoint.NetworkId)
            .Where(id => networks.TryGetValue(id, out var network) && network.Name != LocalNetwork.Default)];

    private static bool Same(string one, string other) => one.Equals(other, StringComparison.OrdinalIgnoreCase);
}
