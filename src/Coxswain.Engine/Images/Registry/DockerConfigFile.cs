using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using Coxswain.Linux.Files;

namespace Coxswain.Engine.Images.Registry;

/// <summary>
/// The credentials that <c>docker login</c>, <c>podman login</c> or <c>helm registry login</c> wrote. Only those in the file
/// itself: programs that keep them elsewhere (credential helpers) are not run, and that is said.
/// </summary>
public sealed class DockerConfigFile : IRegistryCredentials
{
    private const int MostBytes = 1024 * 1024;

    private readonly string _path;
    private readonly DockerConfig _config;

    private DockerConfigFile(string path, DockerConfig config)
    {
        _path = path;
        _config = config;
    }

    /// <summary><c>$DOCKER_CONFIG/config.json</c>, or that of the home directory; of whoever has this environment.</summary>
    public static string PathFor(IReadOnlyDictionary<string, string> environment) => Path.Combine(
        environment.GetValueOrDefault("DOCKER_CONFIG") is { Length: > 0 } directory
            ? directory
            : Path.Combine(environment.GetValueOrDefault("HOME", "/root"), ".docker"),
        "config.json");

    /// <summary>A file that is not there holds nobody's.</summary>
    /// <exception cref="ImageException">It cannot be understood.</exception>
    public static DockerConfigFile Load(string path) =>
        DurableFile.ReadJson(path, DockerConfigJson.Default.DockerConfig, out var config, MostBytes) switch
        {
            DurableRead.Missing => new DockerConfigFile(path, new DockerConfig()),
            DurableRead.Whole => new DockerConfigFile(path, config!), // Whole means that there is one.
            _ => throw new ImageException(ImageErrorKind.Invalid, $"{path} is not a Docker configuration file"),
        };

    public RegistryCredentials? Find(string domain)
    {
        if (_config.CredHelpers?.GetValueOrDefault(domain) is { } helper)
        {
            throw Unsupported(domain, $"credHelpers names docker-credential-{helper}");
        }

        foreach (var (address, entry) in _config.Auths ?? [])
        {
            if (Domain(address) == domain)
            {
                return Read(domain, entry);
            }
        }

        return null;
    }

    private RegistryCredentials? Read(string domain, DockerAuth? entry)
    {
        if (entry?.Auth is { Length: > 0 } encoded)
        {
            return Decode(encoded)
                ?? throw new ImageException(ImageErrorKind.Invalid, $"the credentials for {domain} in {_path} are malformed");
        }

        if (entry is { Username.Length: > 0, Password: not null })
        {
            return new RegistryCredentials(entry.Username, entry.Password);
        }

        return entry?.IdentityToken is { Length: > 0 } ? throw Unsupported(domain, "it holds an identity token")
            : _config.CredsStore is { Length: > 0 } store ? throw Unsupported(domain, $"credsStore names docker-credential-{store}")
            : null;
    }

    private static RegistryCredentials? Decode(string encoded)
    {
        try
        {
            var text = Encoding.UTF8.GetString(Convert.FromBase64String(encoded)).TrimEnd('\0');
            var colon = text.IndexOf(':', StringComparison.Ordinal);
            return colon > 0 ? new RegistryCredentials(text[..colon], text[(colon + 1)..]) : null;
        }
        catch (FormatException)
        {
            return null;
        }
    }

    /// <summary>Keys are addresses of every age: <c>https://index.docker.io/v1/</c>, <c>ghcr.io</c>, <c>host:5000/path</c>.</summary>
    private static string Domain(string address)
    {
        var scheme = address.IndexOf("://", StringComparison.Ordinal);
        var host = (scheme < 0 ? address : address[(scheme + 3)..]).Split('/')[0];
        return host is "index.docker.io" or "registry-1.docker.io" ? "docker.io" : host;
    }

    private ImageException Unsupported(string domain, string why) => new(
        ImageErrorKind.Unsupported,
        $"the credentials for {domain} are not in {_path} itself ({why}): credential helpers are not supported, "
        + "log in without one, or give user name and password");
}

internal sealed record DockerConfig
{
    public Dictionary<string, DockerAuth?>? Auths { get; init; }

    public Dictionary<string, string>? CredHelpers { get; init; }

    public string? CredsStore { get; init; }
}

internal sealed record DockerAuth
{
    /// <summary>Base64 of <c>user:password</c>.</summary>
    public string? Auth { get; init; }

    public string? Username { get; init; }

    public string? Password { get; init; }

    public string? IdentityToken { get; init; }
}

[JsonSourceGenerationOptions(PropertyNameCaseInsensitive = true)]
[JsonSerializable(typeof(DockerConfig))]
internal sealed partial class DockerConfigJson : JsonSerializerContext;
