namespace Coxswain.Engine;

/// <summary>Where one engine keeps its things. Two engines on one machine must differ in all they claim.</summary>
public sealed record EngineOptions
{
    /// <summary>What must survive a reboot: snapshots, container state, images.</summary>
    public string DataDirectory { get; init; } = "/var/lib/coxswain";

    /// <summary>What a reboot may forget: sockets, pinned namespaces, exit files, runc's state. Keep it short: it holds sockets.</summary>
    public string RunDirectory { get; init; } = "/run/coxswain";

    /// <summary>The control group above everything we run.</summary>
    public string CgroupParent { get; init; } = "/coxswain";

    /// <summary>The nftables table (family inet) of the container network.</summary>
    public string NftablesTable { get; init; } = "coxswain-engine";

    /// <summary>Where the engines of this machine say what they have; the same for all of them, and gone after a reboot.</summary>
    public string ClaimsDirectory { get; init; } = "/run/coxswain-claims";

    public string RuncPath { get; init; } = "runc";

    public string ConmonPath { get; init; } = "conmon";

    /// <summary>The container network; null for an engine whose containers have none of ours (a builder in a test).</summary>
    public ContainerNetworkOptions? Network { get; init; } = new();
}
