namespace Coxswain.Engine.Local;

/// <summary>A bridge of this machine with addresses of its own.</summary>
public sealed record LocalNetwork
{
    public const string Default = "bridge";
    public const string Host = "host";
    public const string None = "none";

    /// <summary>64 hexadecimal digits.</summary>
    public required string Id { get; init; }

    public required string Name { get; init; }

    /// <summary>bridge, host or null.</summary>
    public required string Driver { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>Empty for host and none.</summary>
    public string Subnet { get; init; } = "";

    public string Gateway { get; init; } = "";

    /// <summary>Part of the subnet that addresses are taken from; empty for all of it.</summary>
    public string AddressRange { get; init; } = "";

    /// <summary>The device; empty for host and none.</summary>
    public string BridgeName { get; init; } = "";

    /// <summary>Nothing leads out of it or into it.</summary>
    public bool Internal { get; init; }

    public bool Attachable { get; init; }

    public int Mtu { get; init; } = 1500;

    public IReadOnlyDictionary<string, string> Labels { get; init; } = new Dictionary<string, string>();

    public IReadOnlyDictionary<string, string> Options { get; init; } = new Dictionary<string, string>();

    /// <summary>There from the beginning and not to be removed.</summary>
    public bool IsPredefined => Name is Default or Host or None;
}

/// <summary>What a network is to be.</summary>
public sealed record LocalNetworkSpec(string Name)
{
    public string Driver { get; init; } = "bridge";

    /// <summary>Null for one that is free.</summary>
    public string? Subnet { get; init; }

    public string? Gateway { get; init; }

    public string? AddressRange { get; init; }

    public bool Internal { get; init; }

    public bool Attachable { get; init; }

    public IReadOnlyDictionary<string, string> Labels { get; init; } = new Dictionary<string, string>();

    public IReadOnlyDictionary<string, string> Options { get; init; } = new Dictionary<string, string>();
}
