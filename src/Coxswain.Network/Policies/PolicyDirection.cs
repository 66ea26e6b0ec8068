using Coxswain.Api.Networking.V1;

namespace Coxswain.Network.Policies;

/// <summary>What differs between a policy's two halves.</summary>
/// <param name="Name">The first part of the names of its chains and sets.</param>
/// <param name="Pods">The map of the pods it restricts.</param>
/// <param name="Peer">Where a packet has the peer's address.</param>
/// <param name="RulesOf">The rules of a policy; null when it does not restrict this direction.</param>
internal sealed record PolicyDirection(
    string Name, string Pods, string Peer, Func<NetworkPolicySpec, IReadOnlyList<PolicyDirection.Rule>?> RulesOf)
{
    public static readonly PolicyDirection Incoming = new("in", PolicyNames.Incoming, "ip saddr", spec =>
        spec.PolicyTypes.Count == 0 || spec.PolicyTypes.Contains("Ingress")
            ? [.. spec.Ingress.Select(rule => new Rule(rule.From, rule.Ports))]
            : null);

    public static readonly PolicyDirection Outgoing = new("out", PolicyNames.Outgoing, "ip daddr", spec =>
        spec.PolicyTypes.Contains("Egress") || (spec.PolicyTypes.Count == 0 && spec.Egress.Count > 0)
            ? [.. spec.Egress.Select(rule => new Rule(rule.To, rule.Ports))]
            : null);

    /// <param name="Peers">Empty for everybody.</param>
    /// <param name="Ports">Empty for all.</param>
    internal sealed record Rule(IReadOnlyList<NetworkPolicyPeer> Peers, IReadOnlyList<NetworkPolicyPort> Ports);
}
