using System.Net;
using Coxswain.ApiServer.Admission;
using Coxswain.ApiServer.Audit;
using Coxswain.ApiServer.Certificates;
using Coxswain.ApiServer.Http;
using Coxswain.Store;
using Microsoft.Extensions.Logging;

namespace Coxswain.ApiServer;

/// <summary>What an API server is made of; nothing is read from the environment.</summary>
public sealed record ApiServerOptions
{
    /// <summary>The server does not dispose it.</summary>
    public required IStore Store { get; init; }

    /// <summary>The server does not dispose it.</summary>
    public required ClusterPki Pki { get; init; }

    public required TimeProvider Time { get; init; }

    /// <summary>Where names, UIDs and addresses come from; used under a lock.</summary>
    public required Random Random { get; init; }

    public required ILoggerFactory LoggerFactory { get; init; }

    /// <summary>Where HTTPS is served; port 0 takes a free one. Empty for no sockets at all: only in-process clients.</summary>
    public IReadOnlyList<IPEndPoint> Endpoints { get; init; } = [];

    /// <summary>Where Pods reach the server: the endpoint of the <c>kubernetes</c> Service. Null leaves that Service without.</summary>
    public IPEndPoint? Advertised { get; init; }

    /// <summary>Further names and addresses for the server's certificate.</summary>
    public IReadOnlyList<IPAddress> ExtraAddresses { get; init; } = [];

    public IReadOnlyList<string> ExtraNames { get; init; } = [];

    public IPNetwork ServiceRange { get; init; } = IPNetwork.Parse("10.96.0.0/12");

    /// <summary>What else must be up before <c>/readyz</c> says so.</summary>
    public IReadOnlyList<ReadinessGate> ReadinessGates { get; init; } = [];

    /// <summary>Who serves group-versions that are not served here; null when nobody does.</summary>
    internal IGroupRouter? Router { get; init; }

    /// <summary>Admission plug-ins that come after the server's own.</summary>
    internal IReadOnlyList<IAdmissionPlugin> Admission { get; init; } = [];

    /// <summary>How long Events are kept.</summary>
    public TimeSpan EventLifetime { get; init; } = TimeSpan.FromHours(1);

    /// <summary>What is written down of requests; null for nothing.</summary>
    public AuditOptions? Audit { get; init; }

    public RequestBounds Bounds { get; init; } = new();

    /// <summary>How long a Pod's creation waits for the default service account of a new namespace.</summary>
    public TimeSpan ServiceAccountPatience { get; init; } = TimeSpan.FromSeconds(5);
}
