using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text.Json;
using Coxswain.Engine.Images.Documents;

namespace Coxswain.Engine.Images.Registry;

/// <summary>One repository of one registry, by the OCI distribution protocol; anonymous, token and basic authentication.</summary>
internal sealed class RegistryClient(
    HttpClient http, ImageReference image, RegistryCredentials? credentials, string actions, TimeProvider time)
{
    private const int MostTokenBytes = 256 * 1024;
    private const int MostTokenCharacters = 64 * 1024;

    /// <summary>For the beginning of an answer and between its parts.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    private readonly Uri _base = RegistryHttp.BaseAddress(image.Domain);
    private AuthenticationHeaderValue? _authorization;

    /// <summary>A manifest or index by tag or digest.</summary>
    public async Task<RegistryManifest> GetManifestAsync(string reference, CancellationToken cancellationToken)
    {
        using var response = await SendAsync(
            () =>
            {
                var request = new HttpRequestMessage(HttpMethod.Get, At($"manifests/{reference}"));
                foreach (var type in new[] { MediaTypes.OciIndex, MediaTypes.DockerIndex, MediaTypes.OciManifest, MediaTypes.DockerManifest })
                {
                    request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue(type));
                }

                return request;
            },
            cancellationToken);
        Check(response, image.Familiar);
        var bytes = await ReadAsync(
            response, DocumentChecks.MostDocumentBytes, $"the manifest of {image.Familiar}", cancellationToken);
        var digest = Digest.Of(bytes);
        if (Digest.TryParse(reference, out var wanted) && wanted != digest)
        {
            throw new ImageException(ImageErrorKind.Corrupt, $"{image.Domain} answers with {digest} when asked for {wanted}");
        }

        return new RegistryManifest(bytes, digest, response.Content.Headers.ContentType?.MediaType ?? MediaTypes.OciManifest);
    }

    /// <summary>Streams a blob to a consumer, who checks its digest.</summary>
    /// <param name="offset">From where it is wanted; a registry may begin at the start all the same.</param>
    /// <param name="consume">Given the stream and where in the blob it begins.</param>
    public async Task GetBlobAsync(
        Digest digest, long offset, Func<Stream, long, Task> consume, CancellationToken cancellationToken)
    {
        using var response = await SendAsync(
            () => new HttpRequestMessage(HttpMethod.Get, At($"blobs/{digest}"))
            {
                Headers = { Range = offset > 0 ? new RangeHeaderValue(offset, null) : null },
            },
            cancellationToken);
        if (response.StatusCode == HttpStatusCode.RequestedRangeNotSatisfiable && offset > 0)
        {
            await GetBlobAsync(digest, 0, consume, cancellationToken);
            return;
        }

        Check(response, $"blob {digest} of {image.FamiliarRepository}");
        var begins = response.StatusCode == HttpStatusCode.PartialContent ? response.Content.Headers.ContentRange?.From ?? 0 : 0;
        await using var stream = await response.Content.ReadAsStreamAsync(cancellationToken);
        await using var patient = new PatientStream(stream, time, Patience, $"the download of {digest}");
        await consume(patient, begins);
    }

    public async Task<bool> HasBlobAsync(Digest digest, CancellationToken cancellationToken)
    {
        using var response = await SendAsync(
            () => new HttpRequestMessage(HttpMethod.Head, At($"blobs/{digest}")), cancellationToken);
        if (response.StatusCode == HttpStatusCode.NotFound)
        {
            return false;
        }

        Check(response, $"blob {digest}");
        return true;
    }

    /// <summary>Uploads a blob in one request.</summary>
    public async Task PutBlobAsync(Digest digest, Func<Stream> open, CancellationToken cancellationToken)
    {
        using var begun = await SendAsync(
            () => new HttpRequestMessage(HttpMethod.Post, At("blobs/uploads/")) { Content = new ByteArrayContent([]) }, cancellationToken);
        Check(begun, "the upload could not begin");
        var location = begun.Headers.Location
            ?? throw new ImageException(ImageErrorKind.Unreachable, $"{image.Domain} does not say where to upload to");
        var target = new UriBuilder(new Uri(_base, location));
        target.Query = (target.Query.Length > 1 ? target.Query[1..] + "&" : "") + $"digest={Uri.EscapeDataString(digest.ToString())}";
        using var done = await SendAsync(
            () =>
            {
                var content = new StreamContent(open());
                content.Headers.ContentType = new MediaTypeHeaderValue("application/octet-stream");
                return new HttpRequestMessage(HttpMethod.Put, target.Uri) { Content = content };
            },
            cancellationToken);
        Check(done, $"upload of {digest}");
    }

    public async Task PutManifestAsync(string tag, string mediaType, byte[] manifest, CancellationToken cancellationToken)
    {
        using var response = await SendAsync(
            () =>
            {
                var content = new ByteArrayContent(manifest);
                content.Headers.ContentType = new MediaTypeHeaderValue(mediaType);
                return new HttpRequestMessage(HttpMethod.Put, At($"manifests/{tag}")) { Content = content };
            },
            cancellationToken);
        Check(response, $"upload of the manifest of {image.Familiar}");
    }

    /// <summary>Whether the registry lets these credentials in at all; an exception when not.</summary>
    public async Task CheckAccessAsync(CancellationToken cancellationToken)
    {
        using var response = await SendAsync(() => new HttpRequestMessage(HttpMethod.Get, _base), cancellationToken);
        Check(response, image.Domain);
    }

    private Uri At(string path) => new(_base, $"{image.Path}/{path}");

    private void Check(HttpResponseMessage response, string what)
    {
        if (!response.IsSuccessStatusCode)
        {
            throw RegistryHttp.Failure(image, response, what);
        }
    }

    private async Task<HttpResponseMessage> SendAsync(Func<HttpRequestMessage> make, CancellationToken cancellationToken)
    {
        var response = await SendOnceAsync(make(), _authorization, cancellationToken);
        if (response.StatusCode != HttpStatusCode.Unauthorized)
        {
            return response;
        }

        using (response)
        {
            _authorization = await AnswerAsync(response, cancellationToken);
        }

        return await SendOnceAsync(make(), _authorization, cancellationToken);
    }

    private async Task<HttpResponseMessage> SendOnceAsync(
        HttpRequestMessage request, AuthenticationHeaderValue? authorization, CancellationToken cancellationToken)
    {
        using (request)
        {
            request.Headers.Authorization = authorization;
            // An upload takes as long as it takes.
            using var timeout = new CancellationTokenSource(
                request.Method == HttpMethod.Put ? Timeout.InfiniteTimeSpan : Patience, time);
            using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellationToken);
            try
            {
                return await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, either.Token);
            }
            catch (Exception exception) when (IsUnreachable(exception, cancellationToken))
            {
                var cause = exception.GetBaseException().Message;
                throw new ImageException(
                    ImageErrorKind.Unreachable, $"cannot reach {request.RequestUri?.Authority}: {cause}", exception);
            }
        }
    }

    /// <summary>Credentials for what the registry asks: a token from its token service, or name and password.</summary>
    private async Task<AuthenticationHeaderValue> AnswerAsync(HttpResponseMessage refused, CancellationToken cancellationToken)
    {
        foreach (var challenge in refused.Headers.WwwAuthenticate)
        {
            if (challenge.Scheme.Equals("Basic", StringComparison.OrdinalIgnoreCase) && credentials is not null)
            {
                return RegistryHttp.Basic(credentials);
            }

            if (challenge.Scheme.Equals("Bearer", StringComparison.OrdinalIgnoreCase))
            {
                return await TokenAsync(RegistryHttp.ChallengeParameters(challenge.Parameter ?? ""), cancellationToken);
            }
        }

        throw RegistryHttp.Failure(image, refused, image.Familiar);
    }

    private async Task<AuthenticationHeaderValue> TokenAsync(
        Dictionary<string, string> challenge, CancellationToken cancellationToken)
    {
        if (!Uri.TryCreate(challenge.GetValueOrDefault("realm"), UriKind.Absolute, out var realm)
            || (realm.Scheme != Uri.UriSchemeHttps && realm.Scheme != Uri.UriSchemeHttp))
        {
            throw new ImageException(ImageErrorKind.Unauthorized, $"{image.Domain} asks for a token but does not say where from");
        }

        var scope = challenge.GetValueOrDefault("scope") ?? $"repository:{image.Path}:{actions}";
        var query = $"scope={Uri.EscapeDataString(scope)}";
        if (challenge.GetValueOrDefault("service") is { } service)
        {
            query = $"service={Uri.EscapeDataString(service)}&{query}";
        }

        var address = new UriBuilder(realm) { Query = realm.Query.Length > 1 ? $"{realm.Query[1..]}&{query}" : query };
        using var response = await SendOnceAsync(
            new HttpRequestMessage(HttpMethod.Get, address.Uri),
            credentials is null ? null : RegistryHttp.Basic(credentials),
            cancellationToken);
        Check(response, $"token for {image.FamiliarRepository}");
        var answer = await ReadAsync(response, MostTokenBytes, $"the token for {image.FamiliarRepository}", cancellationToken);
        try
        {
            using var document = JsonDocument.Parse(answer);
            var root = document.RootElement;
            var token = root.TryGetProperty("token", out var first) ? first
                : root.TryGetProperty("access_token", out var second) ? second
                : default;
            return token.GetString() is { Length: > 0 and <= MostTokenCharacters } text && text.All(c => c is > ' ' and < '\x7F')
                ? new AuthenticationHeaderValue("Bearer", text)
                : throw new JsonException("no token");
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            throw new ImageException(
                ImageErrorKind.Unauthorized, $"the token service of {image.Domain} does not answer as one", exception);
        }
    }

    /// <summary>A whole answer, bounded in bytes and in the time it may stand still.</summary>
    private async Task<byte[]> ReadAsync(
        HttpResponseMessage response, int mostBytes, string what, CancellationToken cancellationToken)
    {
        await using var stream = await response.Content.ReadAsStreamAsync(cancellationToken);
        await using var patient = new PatientStream(stream, time, Patience, what);
        using var content = new MemoryStream();
        var buffer = new byte[16 * 1024];
        int count;
        while ((count = await patient.ReadAsync(buffer, cancellationToken)) > 0)
        {
            content.Write(buffer, 0, count);
            if (content.Length > mostBytes)
            {
                throw new ImageException(
                    ImageErrorKind.Invalid, $"{what} is too large: {image.Domain} sends more than {mostBytes} bytes");
            }
        }

        return content.ToArray();
    }

    private static bool IsUnreachable(Exception exception, CancellationToken cancellationToken) =>
        exception is HttpRequestException or SocketException or IOException
        || (exception is OperationCanceledException && !cancellationToken.IsCancellationRequested);
}

internal sealed record RegistryManifest(byte[] Bytes, Digest Digest, string MediaType);
