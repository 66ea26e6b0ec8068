using Coxswain.Api.Networking.V1;
using Coxswain.Api.Selectors;
using Coxswain.Network.Ranges;

namespace Coxswain.Network.Policies;

/// <summary>Decides what all policies together mean for the rules. Pure.</summary>
/// <remarks>
/// A policy has a chain a direction that accepts what it allows. Pods that the same policies select share a chain that asks
/// each of them and drops what none accepted. Pods among peers are elements of sets, so that most changes of pods
/// leave all rules as they are.
/// </remarks>
internal sealed class PolicyPlanner
{
    private readonly IReadOnlyList<PolicyPod> _pods;
    private readonly IReadOnlyDictionary<string, IReadOnlyDictionary<string, string>> _namespaces;
    private readonly Dictionary<string, IReadOnlyList<string>> _chains = new(StringComparer.Ordinal);
    private readonly Dictionary<string, PolicySet> _sets = new(StringComparer.Ordinal);

    private PolicyPlanner(IReadOnlyList<PolicyPod> pods, IReadOnlyDictionary<string, IReadOnlyDictionary<string, string>> namespaces) =>
        (_pods, _namespaces) = (pods, namespaces);

    /// <param name="namespaces">The labels of each.</param>
    public static PolicyPlan Plan(
        IEnumerable<NetworkPolicy> policies, IReadOnlyList<PolicyPod> pods,
        IReadOnlyDictionary<string, IReadOnlyDictionary<string, string>> namespaces)
    {
        var sorted = policies.OrderBy(policy => policy.Metadata.Uid, StringComparer.Ordinal).ToList();
        if (sorted.Count == 0)
        {
            return PolicyPlan.Empty;
        }

        var planner = new PolicyPlanner(pods, namespaces);
        planner.AddDirection(sorted, PolicyDirection.Incoming);
        planner.AddDirection(sorted, PolicyDirection.Outgoing);
        planner.AddSet(PolicyNames.Self, PolicyNames.Fixed[PolicyNames.Self], pods.Where(pod => pod.IsPoliced).Select(pod => $"{pod.Address} . {pod.Address}"));
        return new PolicyPlan(planner._chains, planner._sets);
    }

    private void AddDirection(IReadOnlyList<NetworkPolicy> policies, PolicyDirection direction)
    {
        var restricting = new Dictionary<PolicyPod, List<string>>();
        foreach (var policy in policies)
        {
            if (direction.RulesOf(policy.Spec) is not { } rules)
            {
                continue;
            }

            var selector = LabelSelector.From(policy.Spec.PodSelector);
            var chain = $"{direction.Name}-{policy.Metadata.Uid}";
            foreach (var pod in _pods.Where(pod => pod.IsPoliced && pod.Namespace == policy.Metadata.Namespace && selector.Matches(pod.Labels)))
            {
                if (!restricting.TryGetValue(pod, out var chains))
                {
                    restricting.Add(pod, chains = []);
                }

                chains.Add(chain);
            }

            _chains.Add(chain, [.. rules.SelectMany((rule, index) => Rules(policy.Metadata.Namespace, rule, direction, $"{chain}-{index}"))]);
        }

        var verdicts = new List<string>();
        foreach (var (pod, chains) in restricting)
        {
            var judge = PolicyNames.ByContent($"{direction.Name}-of", chains);
            _chains[judge] = [.. chains.Select(chain => $"jump {chain}"), "counter drop"];
            verdicts.Add($"{pod.Address} : goto {judge}");
        }

        AddSet(direction.Pods, PolicyNames.Fixed[direction.Pods], verdicts);
    }

    /// <summary>Each way to be a peer with each way to name a port.</summary>
    private IEnumerable<string> Rules(string @namespace, PolicyDirection.Rule rule, PolicyDirection direction, string name)
    {
        var ports = Ports(rule.Ports).ToList();
        return Peers(@namespace, rule.Peers, direction, name).SelectMany(peer => ports.Select(port => $"{peer}{port}accept"));
    }

    private IEnumerable<string> Peers(string @namespace, IReadOnlyList<NetworkPolicyPeer> peers, PolicyDirection direction, string name)
    {
        if (peers.Count == 0)
        {
            yield return "";
            yield break;
        }

        var selecting = peers.Where(peer => peer.IpBlock is null).ToList();
        if (selecting.Count > 0)
        {
            var set = $"{name}-pods";
            AddSet(set, "type ipv4_addr;", _pods.Where(pod => selecting.Any(peer => IsPeer(pod, peer, @namespace))).Select(pod => pod.Address));
            yield return $"{direction.Peer} @{set} ";
        }

        var blocks = NumberRanges.Union(peers.Select(peer => peer.IpBlock).OfType<IPBlock>().SelectMany(Block));
        if (blocks.Count > 0)
        {
            yield return $"{direction.Peer} @{AddByContent("blocks", "type ipv4_addr; flags interval;", blocks.Select(NumberRanges.Addresses))} ";
        }
    }

    private bool IsPeer(PolicyPod pod, NetworkPolicyPeer peer, string @namespace) =>
        (peer.NamespaceSelector is { } namespaces
            ? _namespaces.TryGetValue(pod.Namespace, out var labels) && LabelSelector.From(namespaces).Matches(labels)
            : pod.Namespace == @namespace)
        && (peer.PodSelector is not { } pods || LabelSelector.From(pods).Matches(pod.Labels));

    private static IEnumerable<(uint First, uint Last)> Block(IPBlock block) =>
        NumberRanges.OfBlock(block.Cidr) is { } range
            ? NumberRanges.Without(range, block.Except.Select(NumberRanges.OfBlock).OfType<(uint, uint)>())
            : [];

    private IEnumerable<string> Ports(IReadOnlyList<NetworkPolicyPort> ports)
    {
        if (ports.Count == 0)
        {
            yield return "";
            yield break;
        }

        var numbers = ports.Where(port => port.Port is not { IsString: true }).GroupBy(port => PolicyProtocols.Of(port.Protocol), StringComparer.Ordinal)
            .OrderBy(group => group.Key, StringComparer.Ordinal)
            .SelectMany(group => NumberRanges.Union(group.Select(Numbers)).Select(range => $"{group.Key} . {NumberRanges.Ports(range)}"))
            .ToList();
        if (numbers.Count > 0)
        {
            yield return $"meta l4proto . th dport @{AddByContent("ports", "type inet_proto . inet_service; flags interval;", numbers)} ";
        }

        foreach (var (protocol, port) in ports.Where(port => port.Port is { IsString: true })
            .Select(port => (PolicyProtocols.Of(port.Protocol), port.Port!.Value.StringValue)).Distinct()) // Not null: it is a string.
        {
            var set = $"named-{protocol}-{port}";
            AddSet(set, "type ipv4_addr . inet_proto . inet_service;", Named(protocol, port));
            yield return $"ip daddr . meta l4proto . th dport @{set} ";
        }
    }

    private static (uint First, uint Last) Numbers(NetworkPolicyPort port) =>
        port.Port is { } first ? ((uint)first.IntValue, (uint)(port.EndPort ?? first.IntValue)) : (0, ushort.MaxValue);

    /// <summary>What a name means depends on the pod that is asked.</summary>
    private IEnumerable<string> Named(string protocol, string name) =>
        _pods.SelectMany(pod => pod.Ports.Where(port => port.Name == name && port.Protocol == protocol)
            .Select(port => $"{pod.Address} . {protocol} . {port.Port}"));

    private string AddByContent(string prefix, string definition, IEnumerable<string> elements)
    {
        var listed = elements.ToList();
        var name = PolicyNames.ByContent(prefix, listed);
        AddSet(name, definition, listed);
        return name;
    }

    private void AddSet(string name, string definition, IEnumerable<string> elements) =>
        _sets[name] = new PolicySet(definition, elements.ToHashSet(StringComparer.Ordinal));
}
