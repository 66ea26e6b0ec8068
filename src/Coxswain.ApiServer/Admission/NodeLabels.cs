namespace Coxswain.ApiServer.Admission;

/// <summary>The labels a node may give itself: its own facts and any outside of Kubernetes' domains, none that somebody isolates nodes by.</summary>
internal static class NodeLabels
{
    private const string Restricted = "node-restriction.kubernetes.io";

    private static readonly string[] Own =
    [
        "kubernetes.io/hostname", "kubernetes.io/arch", "kubernetes.io/os", "beta.kubernetes.io/arch", "beta.kubernetes.io/os",
        "node.kubernetes.io/instance-type", "beta.kubernetes.io/instance-type", "topology.kubernetes.io/zone",
        "topology.kubernetes.io/region", "failure-domain.beta.kubernetes.io/zone", "failure-domain.beta.kubernetes.io/region",
    ];

    private static readonly string[] OwnDomains = ["kubelet.kubernetes.io", "node.kubernetes.io"];

    /// <summary>The labels that differ and that a node may not change.</summary>
    public static IEnumerable<string> Refused(IReadOnlyDictionary<string, string> before, IReadOnlyDictionary<string, string> after) =>
        before.Keys.Union(after.Keys, StringComparer.Ordinal)
            .Where(label => before.GetValueOrDefault(label) != after.GetValueOrDefault(label) && !IsOwn(label))
            .Order(StringComparer.Ordinal);

    private static bool IsOwn(string label)
    {
        var slash = label.IndexOf('/');
        var domain = slash < 0 ? "" : label[..slash];
        return !IsWithin(domain, Restricted)
            && (Own.Contains(label) || OwnDomains.Any(own => IsWithin(domain, own))
                || !(IsWithin(domain, "kubernetes.io") || IsWithin(domain, "k8s.io")));
    }

    private static bool IsWithin(string domain, string parent) =>
        domain == parent || (domain.Length > parent.Length && domain.EndsWith(parent, StringComparison.Ordinal) && domain[^(parent.Length + 1)] == '.');
}
