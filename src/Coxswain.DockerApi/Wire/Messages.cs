using System.Text.Json.Serialization;

namespace Coxswain.DockerApi.Wire;

internal sealed record ErrorMessage([property: JsonPropertyName("message")] string Message);

/// <summary>One line of the progress of a pull, push, build or load.</summary>
internal sealed record ProgressMessage
{
    [JsonPropertyName("stream")]
    public string? Stream { get; init; }

    [JsonPropertyName("status")]
    public string? Status { get; init; }

    [JsonPropertyName("progressDetail")]
    public ProgressDetail? ProgressDetail { get; init; }

    [JsonPropertyName("id")]
    public string? Id { get; init; }

    [JsonPropertyName("aux")]
    public ProgressAux? Aux { get; init; }

    [JsonPropertyName("error")]
    public string? Error { get; init; }

    [JsonPropertyName("errorDetail")]
    public ProgressError? ErrorDetail { get; init; }
}

internal sealed record ProgressDetail(
    [property: JsonPropertyName("current")] long? Current, [property: JsonPropertyName("total")] long? Total);

internal sealed record ProgressError(
    [property: JsonPropertyName("code")] int Code, [property: JsonPropertyName("message")] string Message);

/// <summary>What a program reads of a build (the image's id) or a push (what the registry now has).</summary>
internal sealed record ProgressAux
{
    [JsonPropertyName("ID")]
    public string? Id { get; init; }

    public string? Tag { get; init; }

    public string? Digest { get; init; }

    public long? Size { get; init; }
}

internal sealed record IdAnswer(string Id)
{
    public IReadOnlyList<string>? Warnings { get; init; }
}

internal sealed record AuthRequest
{
    [JsonPropertyName("username")]
    public string? Username { get; init; }

    [JsonPropertyName("password")]
    public string? Password { get; init; }

    [JsonPropertyName("serveraddress")]
    public string? ServerAddress { get; init; }

    [JsonPropertyName("identitytoken")]
    public string? IdentityToken { get; init; }
}

internal sealed record AuthAnswer(string Status, string IdentityToken);
