using System.Text.Json.Serialization;

namespace Coxswain.DockerApi.Wire;

internal sealed record NetworkRequest
{
    public string? Name { get; init; }

    public string? Driver { get; init; }

    public bool Internal { get; init; }

    public bool Attachable { get; init; }

    public bool Ingress { get; init; }

    [JsonPropertyName("IPAM")]
    public Addressing? Addressing { get; init; }

    [JsonPropertyName("EnableIPv6")]
    public bool? EnableIpv6 { get; init; }

    public SortedDictionary<string, string>? Options { get; init; }

    public SortedDictionary<string, string>? Labels { get; init; }
}

internal sealed record Addressing
{
    public string? Driver { get; init; } = "default";

    public SortedDictionary<string, string>? Options { get; init; }

    public IReadOnlyList<AddressPoolSettings>? Config { get; init; }
}

internal sealed record AddressPoolSettings
{
    public string? Subnet { get; init; }

    [JsonPropertyName("IPRange")]
    public string? Range { get; init; }

    public string? Gateway { get; init; }
}

internal sealed record NetworkCreated(string Id, string Warning);

internal sealed record NetworkAnswer
{
    public required string Name { get; init; }

    public required string Id { get; init; }

    public required string Created { get; init; }

    public string Scope { get; init; } = "local";

    public required string Driver { get; init; }

    [JsonPropertyName("EnableIPv4")]
    public bool EnableIpv4 { get; init; } = true;

    [JsonPropertyName("EnableIPv6")]
    public bool EnableIpv6 { get; init; }

    [JsonPropertyName("IPAM")]
    public required Addressing Addressing { get; init; }

    public required bool Internal { get; init; }

    public required bool Attachable { get; init; }

    public bool Ingress { get; init; }

    public bool ConfigOnly { get; init; }

    public required SortedDictionary<string, NetworkMember> Containers { get; init; }

    public required SortedDictionary<string, string> Options { get; init; }

    public required SortedDictionary<string, string> Labels { get; init; }
}

internal sealed record NetworkMember(
    string Name,
    [property: JsonPropertyName("EndpointID")] string EndpointId,
    string MacAddress,
    [property: JsonPropertyName("IPv4Address")] string Ipv4Address,
    [property: JsonPropertyName("IPv6Address")] string Ipv6Address);

internal sealed record ConnectRequest(string? Container, EndpointSettings? EndpointConfig);

internal sealed record DisconnectRequest(string? Container, bool Force);

internal sealed record NetworksPruned(IReadOnlyList<string> NetworksDeleted);

internal sealed record VolumeRequest
{
    public string? Name { get; init; }

    public string? Driver { get; init; }

    public SortedDictionary<string, string>? DriverOpts { get; init; }

    public SortedDictionary<string, string>? Labels { get; init; }
}

internal sealed record VolumeAnswer
{
    public required string Name { get; init; }

    public string Driver { get; init; } = "local";

    public required string Mountpoint { get; init; }

    public required string CreatedAt { get; init; }

    public required SortedDictionary<string, string> Labels { get; init; }

    public string Scope { get; init; } = "local";

    public SortedDictionary<string, string>? Options { get; init; }

    public VolumeUsage? UsageData { get; init; }
}

internal sealed record VolumeUsage(long Size, long RefCount);

internal sealed record VolumesAnswer(IReadOnlyList<VolumeAnswer> Volumes, IReadOnlyList<string> Warnings);

internal sealed record VolumesPruned(IReadOnlyList<string> VolumesDeleted, long SpaceReclaimed);
