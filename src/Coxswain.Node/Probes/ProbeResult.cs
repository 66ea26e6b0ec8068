namespace Coxswain.Node.Probes;

internal enum ProbeOutcome
{
    Success,
    Failure,

    /// <summary>A failure because nothing listens (yet).</summary>
    Refused,
}

internal sealed record ProbeResult(ProbeOutcome Outcome, string Message)
{
    public static readonly ProbeResult Success = new(ProbeOutcome.Success, "");

    /// <summary>A success that a user may want to look at.</summary>
    public static ProbeResult Warning(string message) => new(ProbeOutcome.Success, message);

    public static ProbeResult Failure(string message) => new(ProbeOutcome.Failure, message);
}
