using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Coxswain.DockerApi.Wire;
using Coxswain.Engine;
using Coxswain.Engine.Containers;
using Coxswain.Engine.Images;
using Coxswain.Engine.Local;
using Coxswain.Linux;
using Microsoft.AspNetCore.Http;

namespace Coxswain.DockerApi.Http;

/// <summary>Answers in Docker's form.</summary>
internal static class Answers
{
    public static async Task JsonAsync<T>(this HttpContext context, T value, JsonTypeInfo<T> type, int status = StatusCodes.Status200OK)
    {
        var bytes = JsonSerializer.SerializeToUtf8Bytes(value, type);
        context.Response.StatusCode = status;
        context.Response.ContentType = "application/json";
        context.Response.ContentLength = bytes.Length;
        if (!HttpMethods.IsHead(context.Request.Method))
        {
            await context.Response.Body.WriteAsync(bytes, context.RequestAborted);
        }
    }

    public static void Nothing(this HttpContext context, int status = StatusCodes.Status204NoContent) =>
        context.Response.StatusCode = status;

    public static Task ErrorAsync(this HttpContext context, Exception exception)
    {
        var (status, message) = Describe(exception);
        return context.JsonAsync(new ErrorMessage(message), WireJson.Default.ErrorMessage, status);
    }

    public static (int Status, string Message) Describe(Exception exception) => exception switch
    {
        LocalException local => (local.Kind switch
        {
            LocalErrorKind.NotFound => 404,
            LocalErrorKind.Conflict => 409,
            LocalErrorKind.Invalid => 400,
            LocalErrorKind.Forbidden => 403,
            LocalErrorKind.Unsupported => 501,
            _ => 500,
        }, local.Message),
        ImageException image => (image.Kind switch
        {
            ImageErrorKind.NotFound or ImageErrorKind.Unauthorized => 404,
            ImageErrorKind.Conflict => 409,
            ImageErrorKind.Invalid => 400,
            ImageErrorKind.Unsupported => 501,
            _ => 500,
        }, Sentence(image.Message)),
        ContainerNotFoundException or ExecNotFoundException => (404, Sentence(exception.Message)),
        ContainerStateException => (409, exception.Message),
        // 126 and 127: what the client then ends with itself, so the words matter to it.
        ContainerStartException start => (start.ExitCode is 126 or 127 ? 400 : 500, $"failed to create task for container: {start.Message}"),
        EngineException => (500, Deep(exception)),
        BadHttpRequestException bad => (bad.StatusCode, bad.Message),
        LinuxException or IOException => (500, exception.Message),
        _ => (500, $"a fault of ours: {exception.Message}"),
    };

    /// <summary>Clients compare the beginning with what dockerd says.</summary>
    private static string Sentence(string message) =>
        message.StartsWith("no such ", StringComparison.Ordinal) ? "No such " + message["no such ".Length..] : message;

    private static string Deep(Exception exception) =>
        exception.InnerException is { } cause && !exception.Message.Contains(cause.Message, StringComparison.Ordinal)
            ? $"{exception.Message}: {cause.Message}"
            : exception.Message;
}
