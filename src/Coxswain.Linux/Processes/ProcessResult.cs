namespace Coxswain.Linux.Processes;

/// <summary>What a command that ended with 0 wrote.</summary>
public sealed record ProcessResult(string Output, string Error);
