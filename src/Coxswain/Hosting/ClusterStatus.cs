namespace Coxswain.Hosting;

/// <summary>What <c>coxswain status</c> shows; with <c>-o json</c> these very fields.</summary>
/// <param name="State"><c>Running</c>, <c>Starting</c> (the server runs but the node is not Ready), or <c>Stopped</c>.</param>
internal sealed record ClusterStatus(
    string State,
    int? Pid,
    string DataDirectory,
    string? ApiServer,
    string? NodeName,
    string? NodeAddress,
    string Version,
    string KubernetesVersion,
    DateTimeOffset? StartedAt);
