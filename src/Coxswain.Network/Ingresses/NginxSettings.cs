using System.Net;

namespace Coxswain.Network.Ingresses;

/// <summary>What nginx is told of where it runs.</summary>
internal sealed record NginxSettings
{
    /// <summary>Where it answers whether it is well.</summary>
    public const int HealthPort = 10254;

    /// <summary>Where requests end that nobody answers for.</summary>
    public const int NobodyPort = 8181;

    /// <summary>The certificate for hosts without one, within the folder.</summary>
    public const string DefaultCertificate = "tls/default.pem";

    /// <summary>The folder of the configuration as nginx sees it.</summary>
    public required string Folder { get; init; }

    /// <summary>Whom to ask for names outside of the cluster.</summary>
    public required IPAddress Resolver { get; init; }
}
