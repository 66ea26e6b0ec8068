using System.IO.Compression;
using System.IO.Pipelines;
using Coxswain.ApiServer.Resources;
using Microsoft.AspNetCore.Http;

namespace Coxswain.ApiServer.Http;

/// <summary>Compresses large lists for clients that ask for it; for small ones the time is not worth it, as in Kubernetes.</summary>
internal static class ListCompression
{
    private const int LeastBytes = 128 * 1024;

    /// <summary>
    /// Go's clients ask for gzip always, also over loopback, where it costs more time than it saves: there it is left out.
    /// </summary>
    public static bool IsWanted(HttpRequest request, ListPage page) =>
        request.Headers.AcceptEncoding.ToString().Contains("gzip", StringComparison.Ordinal)
        && request.HttpContext.Connection.RemoteIpAddress is { } remote && !System.Net.IPAddress.IsLoopback(remote)
        && page.Entries.Sum(entry => (long)entry.Value.Length) >= LeastBytes;

    /// <summary>Compressed as it is sent, piece by piece.</summary>
    public static async Task WriteAsync(HttpContext context, ListBody body)
    {
        context.Response.Headers.ContentEncoding = "gzip";
        context.Response.Headers.Vary = "Accept-Encoding";
        await using var gzip = new GZipStream(context.Response.Body, CompressionLevel.Fastest, leaveOpen: true);
        var output = PipeWriter.Create(gzip, new StreamPipeWriterOptions(leaveOpen: true));
        await body.WriteAsync(output, context.RequestAborted);
        await output.CompleteAsync();
    }
}
