namespace Coxswain.ApiServer.Audit;

/// <summary>What requests are written down, and where.</summary>
/// <param name="PolicyFile">A Policy of audit.k8s.io, as YAML or JSON.</param>
/// <param name="LogFile">Takes one JSON object a line.</param>
public sealed record AuditOptions(string PolicyFile, string LogFile)
{
    /// <summary>A log that would grow beyond this is put aside, and another one begun.</summary>
    public long MostBytes { get; init; } = 100 * 1024 * 1024;

    /// <summary>How many logs put aside are kept.</summary>
    public int MostBackups { get; init; } = 10;
}
