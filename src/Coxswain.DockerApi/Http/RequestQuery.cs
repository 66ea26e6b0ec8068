using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Coxswain.Engine.Local;
using Microsoft.AspNetCore.Http;

namespace Coxswain.DockerApi.Http;

/// <summary>Reads what Docker's clients send: flags in their several spellings, JSON inside queries, JSON bodies.</summary>
internal static class RequestQuery
{
    public static string? Text(this HttpRequest request, string name) =>
        request.Query[name].FirstOrDefault() is { Length: > 0 } value ? value : null;

    public static bool Flag(this HttpRequest request, string name, bool otherwise = false) =>
        request.Query.TryGetValue(name, out var values)
            ? values.ToString().Trim().ToLowerInvariant() is not ("" or "0" or "no" or "false" or "none")
            : otherwise;

    public static long? Number(this HttpRequest request, string name) =>
        request.Text(name) is not { } text ? null
        : long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) ? number
        : throw new LocalException(LocalErrorKind.Invalid, $"{name}: '{text}' is not a number");

    /// <summary>A value that is a JSON document.</summary>
    public static T? Json<T>(this HttpRequest request, string name, JsonTypeInfo<T> type)
        where T : class
    {
        try
        {
            return request.Text(name) is { } text ? JsonSerializer.Deserialize(text, type) : null;
        }
        catch (JsonException exception)
        {
            throw new LocalException(LocalErrorKind.Invalid, $"{name} is no valid JSON: {exception.Message}", exception);
        }
    }

    public static async Task<T> BodyAsync<T>(this HttpRequest request, JsonTypeInfo<T> type)
        where T : class
    {
        try
        {
            return await JsonSerializer.DeserializeAsync(request.Body, type, request.HttpContext.RequestAborted)
                ?? throw new LocalException(LocalErrorKind.Invalid, "the request has an empty body");
        }
        catch (JsonException exception)
        {
            throw new LocalException(LocalErrorKind.Invalid, $"invalid JSON: {exception.Message}", exception);
        }
    }

    /// <summary>A body that may be left out.</summary>
    public static async Task<T?> OptionalBodyAsync<T>(this HttpRequest request, JsonTypeInfo<T> type)
        where T : class =>
        request.ContentLength is 0 or null && !request.Headers.TransferEncoding.Any() ? null : await request.BodyAsync(type);

    /// <summary>A time as seconds with a fraction, or as RFC 3339 has it.</summary>
    public static DateTimeOffset? Time(this HttpRequest request, string name)
    {
        if (request.Text(name) is not { } text || text == "0")
        {
            return null;
        }

        if (decimal.TryParse(text, NumberStyles.Number, CultureInfo.InvariantCulture, out var seconds))
        {
            return DateTimeOffset.UnixEpoch + TimeSpan.FromTicks((long)(seconds * TimeSpan.TicksPerSecond));
        }

        return DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time)
            ? time
            : throw new LocalException(LocalErrorKind.Invalid, $"{name}: '{text}' is not a time");
    }
}
