using System.Net;
using System.Text.Json;
using System.Text.Json.Serialization;
using Coxswain.Linux.Files;

namespace Coxswain.Hosting;

/// <summary>
/// What one cluster is made of: addresses and names. Written to the data directory at the first start, so that a later
/// start needs no options and nothing moves under running Pods.
/// </summary>
internal sealed record ClusterConfiguration
{
    private const string DefaultBridge = "cox0";
    private const int BalancersPrefix = 24;

    /// <summary>The name of the context in kubeconfig.</summary>
    public string Name { get; init; } = "coxswain";

    public string NodeName { get; init; } = Environment.MachineName.ToLowerInvariant();

    /// <summary>Where the API listens besides loopback and the bridge; empty for nowhere.</summary>
    public IReadOnlyList<string> Listen { get; init; } = [];

    public int ApiPort { get; init; } = 6443;

    /// <summary>Where our own registry listens on loopback; null for nowhere.</summary>
    public int? RegistryPort { get; init; }

    /// <summary>The bridge of the container network.</summary>
    public string Bridge { get; init; } = DefaultBridge;

    public string PodCidr { get; init; } = "10.244.0.0/16";

    public string ServiceCidr { get; init; } = "10.96.0.0/12";

    /// <summary>Where Services of type LoadBalancer get their addresses; null for the pod CIDR's last /24.</summary>
    public string? LoadBalancerPool { get; init; }

    /// <summary>Null when nothing was chosen and the pod CIDR has no room beside the node's share.</summary>
    [JsonIgnore]
    public IPNetwork? Balancers
    {
        get
        {
            if (LoadBalancerPool is { } chosen)
            {
                return IPNetwork.Parse(chosen);
            }

            var pods = IPNetwork.Parse(PodCidr);
            if (pods.PrefixLength >= BalancersPrefix)
            {
                return null;
            }

            var bytes = pods.BaseAddress.GetAddressBytes();
            for (var bit = pods.PrefixLength; bit < BalancersPrefix; bit++)
            {
                bytes[bit / 8] |= (byte)(0x80 >> (bit % 8));
            }

            return new IPNetwork(new IPAddress(bytes), BalancersPrefix);
        }
    }

    /// <summary>This node's share of the pod CIDR, a /24 at most; its first address is the node's own.</summary>
    [JsonIgnore]
    public string NodeCidr
    {
        get
        {
            var pods = IPNetwork.Parse(PodCidr);
            return $"{pods.BaseAddress}/{Math.Max(pods.PrefixLength, 24)}";
        }
    }

    [JsonIgnore]
    public string DnsAddress => At(ServiceCidr, 10).ToString();

    /// <summary>The first letters of our nftables tables. Two clusters on one machine differ in their bridge.</summary>
    [JsonIgnore]
    public string Table => Bridge == DefaultBridge ? "coxswain" : $"coxswain-{Bridge}";

    /// <summary>The table of NetworkPolicies.</summary>
    [JsonIgnore]
    public string PolicyTable => $"{Table}-policy";

    [JsonIgnore]
    public string CgroupParent => Bridge == DefaultBridge ? "/coxswain" : $"/coxswain-{Bridge}";

    [JsonIgnore]
    public IPAddress NodeAddress => At(NodeCidr, 1);

    /// <summary>The address of the <c>kubernetes</c> Service.</summary>
    [JsonIgnore]
    public IPAddress ApiServiceAddress => At(ServiceCidr, 1);

    /// <summary>The configuration of the cluster that is there; null when there is none.</summary>
    /// <exception cref="CommandFailure">The file cannot be understood.</exception>
    public static ClusterConfiguration? Find(ClusterPaths paths)
    {
        try
        {
            return JsonSerializer.Deserialize(File.ReadAllBytes(paths.Configuration), ConfigurationJson.Default.ClusterConfiguration)
                ?? throw new JsonException("it holds nothing");
        }
        catch (Exception exception) when (exception is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
        catch (UnauthorizedAccessException exception)
        {
            throw new CommandFailure($"the cluster in {paths.Data} is another user's, as a rule root's; try again with sudo", exception);
        }
        catch (JsonException exception)
        {
            throw new CommandFailure($"{paths.Configuration} cannot be read: {exception.Message}", exception);
        }
    }

    /// <inheritdoc cref="Find"/>
    /// <exception cref="CommandFailure">There is no cluster, or its file cannot be understood.</exception>
    public static ClusterConfiguration Load(ClusterPaths paths) =>
        Find(paths) ?? throw new CommandFailure($"there is no cluster in {paths.Data}; make one with 'coxswain up'");

    public void Save(ClusterPaths paths) => DurableFile.WriteJson(paths.Configuration, this, ConfigurationJson.Default.ClusterConfiguration);

    /// <summary>Whether both say the same, lists included.</summary>
    public bool IsSameAs(ClusterConfiguration other) => Listen.SequenceEqual(other.Listen) && this with { Listen = other.Listen } == other;

    private static IPAddress At(string cidr, byte index)
    {
        var bytes = IPNetwork.Parse(cidr).BaseAddress.GetAddressBytes();
        bytes[^1] += index;
        return new IPAddress(bytes);
    }
}

[JsonSourceGenerationOptions(WriteIndented = true, PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(ClusterConfiguration))]
[JsonSerializable(typeof(ServerState))]
[JsonSerializable(typeof(ClusterStatus))]
internal sealed partial class ConfigurationJson : JsonSerializerContext;
