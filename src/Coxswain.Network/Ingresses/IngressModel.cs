namespace Coxswain.Network.Ingresses;

/// <summary>What is served for one host name.</summary>
/// <param name="Host">As in the Ingress, with <c>*.</c> for a wildcard; empty for all others.</param>
/// <param name="Certificate">The file of its certificate and key; null for the one made here.</param>
/// <param name="HasTls">An Ingress asks for TLS, so that plain requests are sent there.</param>
internal sealed record IngressSite(
    string Host, IReadOnlyList<string> Aliases, string? Certificate, bool HasTls, IReadOnlyList<IngressPath> Paths);

/// <param name="Owner">The key of the Ingress.</param>
/// <param name="Kind">Exact, Prefix or ImplementationSpecific.</param>
/// <param name="Canaries">Where a part of the requests goes instead; the first that wants one has it.</param>
internal sealed record IngressPath(
    string Owner, string Id, string Path, string Kind, IngressOptions Options, IngressUpstream Upstream, IReadOnlyList<IngressBranch> Canaries)
{
    public string? PasswordFile { get; init; }
}

internal sealed record IngressBranch(IngressCanary Canary, IngressUpstream Upstream);

/// <param name="Name">A word that no other has, unless it means the same.</param>
/// <param name="Endpoints">As <c>address:port</c>; none when nobody answers.</param>
/// <param name="ExternalHost">A name to look up for each request instead.</param>
internal sealed record IngressUpstream(string Name, IReadOnlyList<string> Endpoints, string? ExternalHost = null);

/// <summary>Something to be said about one Ingress.</summary>
/// <param name="Owner">Its key.</param>
/// <param name="IsRefused">None of it is served.</param>
internal sealed record IngressProblem(string Owner, string Message, bool IsRefused);

/// <param name="Files">What the configuration names, by its path within the folder.</param>
internal sealed record IngressPlan(
    IReadOnlyList<IngressSite> Sites, IReadOnlyDictionary<string, string> Files, IReadOnlyList<IngressProblem> Problems);
