using System.Text.Json;
using Coxswain.DockerApi.Wire;
using Coxswain.Engine.Images.Registry;
using Coxswain.Engine.Local;
using Microsoft.AspNetCore.Http;

namespace Coxswain.DockerApi.Http;

/// <summary>The credentials a client sends along: for one registry, or for all that a build may pull from.</summary>
internal sealed class RegistryAuth(IReadOnlyDictionary<string, AuthRequest> byRegistry) : IRegistryCredentials
{
    /// <summary>Of <c>X-Registry-Auth</c>; null when there are none.</summary>
    public static RegistryCredentials? One(HttpRequest request) =>
        Decode(request.Headers["X-Registry-Auth"].ToString()) is { } json ? ToCredentials(Read(json)) : null;

    /// <summary>Of <c>X-Registry-Config</c>.</summary>
    public static RegistryAuth All(HttpRequest request)
    {
        try
        {
            return new RegistryAuth(
                Decode(request.Headers["X-Registry-Config"].ToString()) is { } json
                    ? JsonSerializer.Deserialize(json, WireJson.Default.DictionaryStringAuthRequest) ?? []
                    : []);
        }
        catch (JsonException exception)
        {
            throw Invalid(exception);
        }
    }

    public RegistryCredentials? Find(string domain)
    {
        foreach (var (address, entry) in byRegistry)
        {
            var scheme = address.IndexOf("://", StringComparison.Ordinal);
            var host = (scheme < 0 ? address : address[(scheme + 3)..]).Split('/')[0];
            if ((host is "index.docker.io" or "registry-1.docker.io" ? "docker.io" : host) == domain)
            {
                return ToCredentials(entry);
            }
        }

        return null;
    }

    public static RegistryCredentials? ToCredentials(AuthRequest? auth) =>
        auth is { Username.Length: > 0, Password: not null } ? new RegistryCredentials(auth.Username, auth.Password) : null;

    private static AuthRequest? Read(byte[] json)
    {
        try
        {
            return JsonSerializer.Deserialize(json, WireJson.Default.AuthRequest);
        }
        catch (JsonException exception)
        {
            throw Invalid(exception);
        }
    }

    /// <summary>Base64 of either alphabet, padded or not.</summary>
    private static byte[]? Decode(string text)
    {
        if (text.Length == 0)
        {
            return null;
        }

        var plain = text.Replace('-', '+').Replace('_', '/').TrimEnd('=');
        try
        {
            return Convert.FromBase64String(plain + new string('=', (4 - (plain.Length % 4)) % 4));
        }
        catch (FormatException exception)
        {
            throw Invalid(exception);
        }
    }

    private static LocalException Invalid(Exception cause) =>
        new(LocalErrorKind.Invalid, "the registry credentials sent along are malformed", cause);
}
