using System.Net;
using System.Security.Cryptography.X509Certificates;

namespace Coxswain.Node.Options;

/// <summary>What one node agent is told by whoever starts it.</summary>
public sealed record NodeAgentOptions
{
    public required string NodeName { get; init; }

    /// <summary>The node's InternalIP, by which pods and the API server reach it.</summary>
    public required string NodeAddress { get; init; }

    /// <summary>Volumes and files of pods; everything under it is the agent's.</summary>
    public string DataDirectory { get; init; } = "/var/lib/coxswain/node";

    public string PodLogsDirectory { get; init; } = "/var/log/pods";

    public string ClusterDns { get; init; } = "10.96.0.10";

    public string ClusterDomain { get; init; } = "cluster.local";

    public string PodCidr { get; init; } = "10.244.0.0/24";

    public int MaxPods { get; init; } = 110;

    /// <summary>Kernel settings pods may have besides the safe ones: names, or beginnings of names that end in an asterisk.</summary>
    public IReadOnlyList<string> AllowedUnsafeSysctls { get; init; } = [];

    /// <summary>What the Node reports as its kubelet's version.</summary>
    public string Version { get; init; } = "v1.36.0+coxswain.0.1.0";

    /// <summary>Where images are, for measuring the room they have; null when that is the file system of <see cref="DataDirectory"/>.</summary>
    public string? ImageDirectory { get; init; }

    public EvictionOptions Eviction { get; init; } = new();

    /// <summary>Keeps the kernel's OOM killer from this process, as from a kubelet: its pods go first.</summary>
    public bool ProtectFromOom { get; init; }

    /// <summary>The node's own endpoint; null for none.</summary>
    public NodeServerOptions? Server { get; init; } = new();
}

/// <summary>The node's HTTPS endpoint.</summary>
public sealed record NodeServerOptions
{
    /// <summary>Null for the node's address.</summary>
    public IPAddress? Address { get; init; }

    /// <summary>0 for any free one.</summary>
    public int Port { get; init; } = 10250;

    /// <summary>With its key; without one the endpoint does not start.</summary>
    public X509Certificate2? Certificate { get; init; }

    /// <summary>Who may have signed clients' certificates.</summary>
    public X509Certificate2? ClientAuthority { get; init; }

    /// <summary>
    /// How many connections there may be besides those of exec, attach and port-forward. Every pod can open some, and their
    /// descriptors are the process's.
    /// </summary>
    public int MostConnections { get; init; } = 1024;

    /// <summary>How long exec, attach and port-forward last while nothing goes either way; the kubelet's default.</summary>
    public TimeSpan StreamingIdleTimeout { get; init; } = TimeSpan.FromHours(4);

    /// <summary>Organizations (groups) of client certificates that may ask for anything.</summary>
    public IReadOnlyList<string> AllowedGroups { get; init; } = ["system:masters", "kubeadm:cluster-admins"];

    /// <summary>Common names (users) of client certificates that may ask for anything.</summary>
    public IReadOnlyList<string> AllowedUsers { get; init; } = ["kube-apiserver-kubelet-client"];
}
