using System.Text.Json.Serialization;

namespace Coxswain.DockerApi.Wire;

internal sealed record StatsAnswer
{
    [JsonPropertyName("name")]
    public required string Name { get; init; }

    [JsonPropertyName("id")]
    public required string Id { get; init; }

    [JsonPropertyName("read")]
    public required string Read { get; init; }

    [JsonPropertyName("preread")]
    public required string ReadBefore { get; init; }

    [JsonPropertyName("pids_stats")]
    public required PidsStats Pids { get; init; }

    [JsonPropertyName("num_procs")]
    public int Processes { get; init; }

    [JsonPropertyName("cpu_stats")]
    public required CpuStats Cpu { get; init; }

    [JsonPropertyName("precpu_stats")]
    public required CpuStats CpuBefore { get; init; }

    [JsonPropertyName("memory_stats")]
    public required MemoryStats Memory { get; init; }

    [JsonPropertyName("networks")]
    public SortedDictionary<string, NetworkStats>? Networks { get; init; }

    [JsonPropertyName("blkio_stats")]
    public EmptyAnswer Blkio { get; init; } = new();

    [JsonPropertyName("storage_stats")]
    public EmptyAnswer Storage { get; init; } = new();
}

internal sealed record PidsStats([property: JsonPropertyName("current")] long Current);

internal sealed record CpuStats(
    [property: JsonPropertyName("cpu_usage")] CpuUsage Usage,
    [property: JsonPropertyName("system_cpu_usage")] long System,
    [property: JsonPropertyName("online_cpus")] int Online);

internal sealed record CpuUsage([property: JsonPropertyName("total_usage")] long Total);

internal sealed record MemoryStats(
    [property: JsonPropertyName("usage")] long Usage, [property: JsonPropertyName("limit")] long Limit,
    [property: JsonPropertyName("stats")] SortedDictionary<string, long> Stats);

internal sealed record NetworkStats(
    [property: JsonPropertyName("rx_bytes")] long ReceivedBytes,
    [property: JsonPropertyName("rx_packets")] long ReceivedPackets,
    [property: JsonPropertyName("rx_errors")] long ReceivedErrors,
    [property: JsonPropertyName("rx_dropped")] long ReceivedDropped,
    [property: JsonPropertyName("tx_bytes")] long SentBytes,
    [property: JsonPropertyName("tx_packets")] long SentPackets,
    [property: JsonPropertyName("tx_errors")] long SentErrors,
    [property: JsonPropertyName("tx_dropped")] long SentDropped);
