using Coxswain.Api.Errors;
using Coxswain.Engine;
using Coxswain.Hosting;
using Coxswain.Linux;

namespace Coxswain.CommandLine;

/// <summary>Failures a user can act on become one line; anything else is a fault of ours and keeps its stack trace.</summary>
internal static class ExpectedFailures
{
    public static string? Describe(Exception exception) => exception switch
    {
        CommandFailure or KubeStatusException => OneLine(exception.Message),
        EngineException or LinuxException => OneLine(WithCause(exception)),
        UnauthorizedAccessException or IOException => OneLine(exception.Message),
        HttpRequestException => OneLine($"the API server does not answer ({exception.Message}); is the cluster up? See 'coxswain status'"),
        _ => null,
    };

    private static string WithCause(Exception exception) =>
        exception.InnerException is { } cause && !exception.Message.Contains(cause.Message, StringComparison.Ordinal)
            ? $"{exception.Message}: {cause.Message}"
            : exception.Message;

    private static string OneLine(string message) => message.ReplaceLineEndings(" ").Trim();
}
