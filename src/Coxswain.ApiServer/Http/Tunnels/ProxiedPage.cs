using System.IO.Compression;
using System.Text;
using Microsoft.AspNetCore.Http;

namespace Coxswain.ApiServer.Http.Tunnels;

/// <summary>A page on its way to a browser: its links to the backend's own paths must lead through the proxy.</summary>
internal static class ProxiedPage
{
    /// <summary>Beyond this the page is passed on as it is: it is held in memory to be read.</summary>
    public const int MostBytes = 8 * 1024 * 1024;

    /// <summary>Whether the answer is a page that can be read.</summary>
    public static bool IsOne(HttpResponseMessage answer) =>
        answer.Content.Headers.ContentType?.MediaType == "text/html"
        && answer.Content.Headers.ContentEncoding.ToArray() is [] or ["gzip"] or ["deflate"]
        && answer.Content.Headers.ContentLength is null or <= MostBytes;

    /// <summary>Reads it whole and writes it with its links changed. The head must not have been sent.</summary>
    public static async Task SendAsync(HttpResponseMessage answer, HttpResponse response, Func<string, string> rewrite, CancellationToken cancellationToken)
    {
        await using var content = await answer.Content.ReadAsStreamAsync(cancellationToken);
        await using var plain = answer.Content.Headers.ContentEncoding.FirstOrDefault() switch
        {
            "gzip" => new GZipStream(content, CompressionMode.Decompress),
            "deflate" => new ZLibStream(content, CompressionMode.Decompress),
            _ => content,
        };
        var buffer = new MemoryStream();
        var chunk = new byte[16 * 1024];
        var isWhole = true;
        while (await plain.ReadAsync(chunk, cancellationToken) is > 0 and var count)
        {
            buffer.Write(chunk, 0, count);
            if (buffer.Length > MostBytes)
            {
                isWhole = false;
                break;
            }
        }

        // Bytes that are no ASCII are neither tags nor names: in Latin-1 they stay what they are, whatever the encoding.
        var page = Encoding.Latin1.GetString(buffer.GetBuffer(), 0, (int)buffer.Length);
        var changed = isWhole ? Encoding.Latin1.GetBytes(PageLinks.Rewrite(page, rewrite)) : buffer.ToArray();
        response.Headers.ContentEncoding = default;
        response.ContentLength = isWhole ? changed.Length : null;
        await response.Body.WriteAsync(changed, cancellationToken);
        if (!isWhole)
        {
            await plain.CopyToAsync(response.Body, cancellationToken);
        }
    }
}
