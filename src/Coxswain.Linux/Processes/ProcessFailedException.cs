namespace Coxswain.Linux.Processes;

/// <summary>A command could not be started or ended with a failure. The message names it, its code and its last words.</summary>
public sealed class ProcessFailedException : LinuxException
{
    internal ProcessFailedException(string command, int exitCode, string errorTail)
        : base(Describe(command, exitCode, errorTail))
    {
        Command = command;
        ExitCode = exitCode;
        ErrorTail = errorTail;
    }

    public string Command { get; }

    /// <summary>As <see cref="IChildProcess.Exited"/>; -1 when it could not be started.</summary>
    public int ExitCode { get; }

    /// <summary>The last lines of standard error.</summary>
    public string ErrorTail { get; }

    private static string Describe(string command, int exitCode, string errorTail)
    {
        var outcome = exitCode < 0 ? "could not be started" : $"ended with code {exitCode}";
        return errorTail.Length == 0 ? $"{command} {outcome}" : $"{command} {outcome}: {errorTail}";
    }
}
