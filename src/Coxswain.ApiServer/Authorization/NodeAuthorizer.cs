using Coxswain.ApiServer.Users;
using Coxswain.Store;

namespace Coxswain.ApiServer.Authorization;

/// <summary>
/// What a node may: its own Node, Lease and CSINode, the Pods bound to it, and the Secrets, ConfigMaps, claims, volumes and
/// accounts that those Pods name. What it may write of them is checked again at admission.
/// </summary>
internal sealed class NodeAuthorizer(IStore store) : IAuthorizer, IAsyncDisposable
{
    private const string UserPrefix = "system:node:";
    private const string NodesGroup = "system:nodes";

    private readonly NodeGraph _graph = new(store);
    private readonly ClaimedVolumes _volumes = new(store);

    /// <summary>The name of the node that a user is; null when the user is none.</summary>
    public static string? NodeOf(User user) =>
        user.Name.Length > UserPrefix.Length && user.Name.StartsWith(UserPrefix, StringComparison.Ordinal) && user.Groups.Contains(NodesGroup)
            ? user.Name[UserPrefix.Length..] : null;

    public async ValueTask<bool> AllowsAsync(AccessAttributes attributes, CancellationToken cancellationToken)
    {
        if (NodeOf(attributes.User) is not { } node)
        {
            return false;
        }

        switch (attributes.Group, attributes.Resource)
        {
            case ("", "secrets" or "configmaps"):
                return attributes.Verb is "get" or "list" or "watch" && await NamesAsync(node, attributes, attributes.Resource, cancellationToken);
            case ("", "persistentvolumeclaims"):
                return attributes.Verb == "get" && await NamesAsync(node, attributes, PodReferences.Claim, cancellationToken);
            case ("", "persistentvolumeclaims/status"):
                return attributes.Verb is "get" or "update" or "patch" && await NamesAsync(node, attributes, PodReferences.Claim, cancellationToken);
            case ("", "persistentvolumes"):
                return attributes.Verb == "get" && await UsesVolumeAsync(node, attributes.Name, cancellationToken);
            case ("", "serviceaccounts/token"):
                return attributes.Verb == "create" && await NamesAsync(node, attributes, PodReferences.Account, cancellationToken);
            case ("", "serviceaccounts"):
                return attributes.Verb == "get" && await NamesAsync(node, attributes, PodReferences.Account, cancellationToken);
            case ("", "pods") when attributes.Verb is "get" or "list" or "watch":
                return await ReadsPodsAsync(node, attributes, cancellationToken);
            case ("", "nodes" or "nodes/status"):
                return IsSelf(node, attributes) && Holds(attributes);
            case ("coordination.k8s.io", "leases"):
                return attributes.Namespace == "kube-node-lease" && IsSelf(node, attributes) && Holds(attributes);
            case ("storage.k8s.io", "csinodes"):
                return IsSelf(node, attributes) && Holds(attributes);
            default:
                return Holds(attributes);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _graph.DisposeAsync();
        await _volumes.DisposeAsync();
    }

    /// <summary>A create need not name what it creates; admission sees the name.</summary>
    private static bool IsSelf(string node, AccessAttributes attributes) =>
        attributes.Name == node || (attributes.Verb == "create" && attributes.Name.Length == 0);

    private static bool Holds(AccessAttributes attributes) => NodeRules.All.Any(rule => RbacRules.Allows(rule, attributes));

    private async ValueTask<bool> NamesAsync(string node, AccessAttributes attributes, string resource, CancellationToken cancellationToken)
    {
        if (attributes.Name.Length == 0 || attributes.Namespace.Length == 0)
        {
            return false;
        }

        await _graph.CatchUpAsync(cancellationToken);
        return _graph.Names(node, resource, attributes.Namespace, attributes.Name);
    }

    private async ValueTask<bool> UsesVolumeAsync(string node, string volume, CancellationToken cancellationToken)
    {
        await _volumes.CatchUpAsync(cancellationToken);
        if (_volumes.ClaimOf(volume) is not var (@namespace, name))
        {
            return false;
        }

        await _graph.CatchUpAsync(cancellationToken);
        return _graph.Names(node, PodReferences.Claim, @namespace, name);
    }

    private async ValueTask<bool> ReadsPodsAsync(string node, AccessAttributes attributes, CancellationToken cancellationToken)
    {
        if (attributes.Verb != "get" && attributes.Fields?.RequiredValue("spec.nodeName") == node)
        {
            return true;
        }

        if (attributes.Name.Length == 0)
        {
            return false;
        }

        await _graph.CatchUpAsync(cancellationToken);
        return _graph.Runs(node, attributes.Namespace, attributes.Name);
    }
}
