using System.Net;

namespace Coxswain.Network.Ingresses;

/// <summary>Where Ingresses are served.</summary>
public sealed record IngressSettings
{
    /// <summary>Whoever makes an IngressClass with this controller has its Ingresses served here, by the Pod of the add-on.</summary>
    public const string Controller = "k8s.io/ingress-nginx";

    /// <summary>The folder as the add-on's Pod sees it.</summary>
    public const string PodFolder = "/ingress";

    /// <summary>The folder that is shared with that Pod.</summary>
    public required string Folder { get; init; }

    /// <summary>What an Ingress' status says of where it is reached.</summary>
    public required IPAddress Address { get; init; }

    /// <summary>The cluster's DNS.</summary>
    public required IPAddress Resolver { get; init; }
}
