using System.Net;

namespace Coxswain.Network.LoadBalancers;

/// <summary>Which Services get an address here, and from where.</summary>
public sealed record LoadBalancerSettings
{
    /// <summary>Services without a class are ours too.</summary>
    public const string Class = "coxswain.dev/load-balancer";

    /// <summary>The addresses to give away; its first and last are left out. Null for none: Services stay pending.</summary>
    public IPNetwork? Pool { get; init; }
}
