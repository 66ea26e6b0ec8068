using System.Collections.Immutable;

namespace Coxswain.Engine.Local.Networks;

/// <summary>A container with a network namespace of its own, while it runs. Its names change under it; guarded by the networks' lock.</summary>
internal sealed class LocalSandbox(string containerId, string name, string hostname, string netnsPath)
{
    public const int ShortIdLength = 12;

    public string ContainerId => containerId;

    public string Name { get; set; } = name;

    public string Hostname => hostname;

    public string NetnsPath => netnsPath;

    /// <summary>Name servers for what no container is called; empty for the machine's.</summary>
    public IReadOnlyList<string> Dns { get; init; } = [];

    public ImmutableList<Endpoint> Endpoints { get; set; } = [];

    public List<PublishedPort> Ports { get; set; } = [];

    public List<PortReservation> Reservations { get; set; } = [];

    /// <summary>Where published ports lead: the first endpoint on a network that leads outside.</summary>
    public Endpoint? Reachable(Func<string, bool> isInternal) => Endpoints.FirstOrDefault(endpoint => !isInternal(endpoint.NetworkId));
}
