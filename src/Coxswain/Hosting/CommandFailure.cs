namespace Coxswain.Hosting;

/// <summary>A stated failure: its message is the one line on stderr that says what to do, and the exit code is 1.</summary>
internal sealed class CommandFailure(string message, Exception? cause = null) : Exception(message, cause);
