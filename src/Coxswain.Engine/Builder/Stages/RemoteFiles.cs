using System.Net;

namespace Coxswain.Engine.Builder.Stages;

/// <summary>Fetches what ADD names by URL.</summary>
internal sealed class RemoteFiles(HttpClient http)
{
    public static bool IsUrl(string source) =>
        source.StartsWith("http://", StringComparison.OrdinalIgnoreCase)
        || source.StartsWith("https://", StringComparison.OrdinalIgnoreCase);

    /// <summary>The name the file gets when the destination is a directory.</summary>
    public static string NameOf(string url) =>
        Uri.TryCreate(url, UriKind.Absolute, out var uri) && WebUtility.UrlDecode(uri.AbsolutePath.Split('/')[^1]) is { Length: > 0 } name
            && !name.Contains('/', StringComparison.Ordinal) && name is not ("." or "..")
            ? name
            : throw new BuildException($"cannot determine a file name for {url}: end the URL with one");

    public async Task FetchAsync(string url, string path, CancellationToken cancellationToken)
    {
        try
        {
            using var response = await http.GetAsync(url, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
            if (!response.IsSuccessStatusCode)
            {
                throw new BuildException($"{url} answers {(int)response.StatusCode} {response.ReasonPhrase}");
            }

            await using var file = new FileStream(path, FileMode.CreateNew, FileAccess.Write);
            await response.Content.CopyToAsync(file, cancellationToken);
        }
        catch (HttpRequestException exception)
        {
            throw new BuildException($"cannot fetch {url}: {exception.Message}", exception);
        }
    }
}
