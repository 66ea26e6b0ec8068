using System.Net;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Coxswain.Hosting;

/// <summary>
/// What one cluster is made of: addresses and names. Written to the data directory at the first start, so that a later
/// start needs no options and nothing moves under running Pods.
/// </summary>
internal sealed record ClusterConfiguration
{
    /// <summary>The name of the context in kubeconfig.</summary>
    public string Name { get; init; } = "coxswain";

    public string NodeName { get; init; } = Environment.MachineName.ToLowerInvariant();

    /// <summary>Where the API listens besides loopback and the bridge; empty for nowhere.</summary>
    public IReadOnlyList<string> Listen { get; init; } = [];

    public int ApiPort { get; init; } = 6443;

    /// <summary>The bridge of the container network; also the first letters of its devices' names.</summary>
    public string Bridge { get; init; } = "cox0";

    public string PodCidr { get; init; } = "10.244.0.0/16";

    /// <summary>This node's share of the pod CIDR; its first address is the node's own.</summary>
    public string NodeCidr { get; init; } = "10.244.0.0/24";

    public string ServiceCidr { get; init; } = "10.96.0.0/12";

    public string DnsAddress { get; init; } = "10.96.0.10";

    /// <summary>The first letters of our nftables tables.</summary>
    public string Table { get; init; } = "coxswain";

    public string CgroupParent { get; init; } = "/coxswain";

    [JsonIgnore]
    public IPAddress NodeAddress => First(NodeCidr);

    /// <summary>The address of the <c>kubernetes</c> Service.</summary>
    [JsonIgnore]
    public IPAddress ApiServiceAddress => First(ServiceCidr);

    public static ClusterConfiguration Load(ClusterPaths paths)
    {
        if (!File.Exists(paths.Configuration))
        {
            return new ClusterConfiguration();
        }

        try
        {
            return JsonSerializer.Deserialize(File.ReadAllBytes(paths.Configuration), ConfigurationJson.Default.ClusterConfiguration)!;
        }
        catch (JsonException exception)
        {
            throw new CommandFailure($"{paths.Configuration} cannot be read: {exception.Message}");
        }
    }

    public void Save(ClusterPaths paths)
    {
        Directory.CreateDirectory(paths.Data);
        var temporary = paths.Configuration + ".new";
        File.WriteAllBytes(temporary, JsonSerializer.SerializeToUtf8Bytes(this, ConfigurationJson.Default.ClusterConfiguration));
        File.Move(temporary, paths.Configuration, overwrite: true);
    }

    private static IPAddress First(string cidr)
    {
        var bytes = IPNetwork.Parse(cidr).BaseAddress.GetAddressBytes();
        bytes[^1]++;
        return new IPAddress(bytes);
    }
}

[JsonSourceGenerationOptions(WriteIndented = true, PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(ClusterConfiguration))]
[JsonSerializable(typeof(ServerState))]
[JsonSerializable(typeof(ClusterStatus))]
internal sealed partial class ConfigurationJson : JsonSerializerContext;
