using System.Net;
using System.Net.Http.Headers;
using System.Text;

namespace Coxswain.Engine.Images.Registry;

/// <summary>How registries are talked to, and what their answers mean.</summary>
internal static class RegistryHttp
{
    /// <summary>A place without a registry must say so while somebody still watches the pod.</summary>
    private static readonly TimeSpan ConnectTimeout = TimeSpan.FromSeconds(5);

    public static SocketsHttpHandler Handler() => new()
    {
        ConnectTimeout = ConnectTimeout,
        AutomaticDecompression = DecompressionMethods.None, // Digests are of the bytes as they are sent.
        PooledConnectionLifetime = TimeSpan.FromMinutes(5),
    };

    /// <summary>Where a registry is. As in Docker those on this machine speak plain HTTP.</summary>
    public static Uri BaseAddress(string domain)
    {
        if (domain == "docker.io")
        {
            return new Uri("https://registry-1.docker.io/v2/");
        }

        var host = domain.StartsWith('[') ? domain[1..domain.IndexOf(']', StringComparison.Ordinal)] : domain.Split(':')[0];
        var isLocal = host == "localhost" || (IPAddress.TryParse(host, out var address) && IPAddress.IsLoopback(address));
        return new Uri($"{(isLocal ? "http" : "https")}://{domain}/v2/");
    }

    public static AuthenticationHeaderValue Basic(RegistryCredentials credentials) =>
        new("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($"{credentials.Username}:{credentials.Password}")));

    /// <summary>The failure an answer stands for.</summary>
    public static ImageException Failure(ImageReference image, HttpResponseMessage response, string what)
    {
        var code = (int)response.StatusCode;
        return response.StatusCode switch
        {
            HttpStatusCode.NotFound => new ImageException(ImageErrorKind.NotFound, $"{what}: not found"),
            HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden => new ImageException(
                ImageErrorKind.Unauthorized,
                $"access to {image.FamiliarRepository} is denied: the repository does not exist or needs (other) credentials ({code})"),
            HttpStatusCode.TooManyRequests => new ImageException(
                ImageErrorKind.Unreachable, $"{image.Domain} refuses more requests for now (429 Too Many Requests)"),
            _ => new ImageException(ImageErrorKind.Unreachable, $"{what}: {image.Domain} answers {code} {response.ReasonPhrase}"),
        };
    }

    /// <summary>The parameters of a <c>WWW-Authenticate</c> challenge; values may hold commas inside quotes.</summary>
    public static Dictionary<string, string> ChallengeParameters(string text)
    {
        var parameters = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        var position = 0;
        while (position < text.Length)
        {
            var equals = text.IndexOf('=', position);
            if (equals < 0)
            {
                break;
            }

            var name = text[position..equals].Trim(' ', ',');
            var quoted = equals + 1 < text.Length && text[equals + 1] == '"';
            var start = quoted ? equals + 2 : equals + 1;
            var end = text.IndexOf(quoted ? '"' : ',', start);
            end = end < 0 ? text.Length : end;
            parameters[name] = text[start..end];
            position = end + 1;
        }

        return parameters;
    }
}
