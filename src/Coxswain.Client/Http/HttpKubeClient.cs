using System.Buffers;
using System.IO.Pipelines;
using System.Net;
using System.Net.Http.Headers;
using System.Runtime.CompilerServices;
using System.Text.Json;
using Coxswain.Api;
using Coxswain.Api.Errors;
using Coxswain.Api.Json;
using Coxswain.Api.Meta.V1;
using Coxswain.Api.Resources;

namespace Coxswain.Client.Http;

/// <summary>The API over HTTPS, for what does not live in the server's process.</summary>
public sealed class HttpKubeClient : IKubeClient, IDisposable
{
    /// <summary>An object is at most 3 MB in Kubernetes; a watch event that is longer than this is not one.</summary>
    private const int MaxEventBytes = 64 << 20;

    private static readonly TimeSpan RequestTimeout = TimeSpan.FromSeconds(60);

    private readonly HttpClient _http;
    private readonly TimeProvider _time;
    private readonly Func<string?> _token;

    public HttpKubeClient(KubeConnection connection, TimeProvider time)
    {
        _time = time;
        _token = connection.Token;
        _http = new HttpClient(connection.CreateHandler(), disposeHandler: true)
        {
            BaseAddress = connection.Server,
            Timeout = Timeout.InfiniteTimeSpan,
            DefaultRequestVersion = HttpVersion.Version20,
            DefaultVersionPolicy = HttpVersionPolicy.RequestVersionOrLower,
        };
        _http.DefaultRequestHeaders.UserAgent.ParseAdd("coxswain");
    }

    public Task<T> GetAsync<T>(ApiResource resource, string? @namespace, string name, CancellationToken cancellationToken)
        where T : IKubeObject<T> =>
        SendAsync<T>(HttpMethod.Get, RequestPaths.Of(resource, @namespace, name), null, cancellationToken);

    public async Task<KubeList<T>> ListAsync<T>(ApiResource resource, string? @namespace, ListQuery query, CancellationToken cancellationToken)
        where T : IKubeObject<T>
    {
        var request = Request<T>(HttpMethod.Get, RequestPaths.List(resource, @namespace, query), isList: true);
        return ListDocument.Read<T>(await SendAsync(request, cancellationToken));
    }

    public async IAsyncEnumerable<WatchEvent<T>> WatchAsync<T>(
        ApiResource resource, string? @namespace, WatchQuery query, [EnumeratorCancellation] CancellationToken cancellationToken)
        where T : IKubeObject<T>
    {
        using var request = Request<T>(HttpMethod.Get, RequestPaths.Watch(resource, @namespace, query));
        using var response = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
        if (!response.IsSuccessStatusCode)
        {
            throw Refusal(response, await response.Content.ReadAsByteArrayAsync(cancellationToken));
        }

        await using var body = await response.Content.ReadAsStreamAsync(cancellationToken);
        var pipe = PipeReader.Create(body);
        while (true)
        {
            var read = await pipe.ReadAsync(cancellationToken);
            var buffer = read.Buffer;
            while (TryTakeLine(ref buffer, out var line))
            {
                yield return WatchDocument.Read<T>(line);
            }

            if (buffer.Length > MaxEventBytes)
            {
                throw new InvalidDataException($"a watch event of {resource.QualifiedName} is longer than {MaxEventBytes} bytes");
            }

            pipe.AdvanceTo(buffer.Start, buffer.End);
            if (read.IsCompleted)
            {
                yield break;
            }
        }
    }

    public Task<T> CreateAsync<T>(ApiResource resource, T obj, CancellationToken cancellationToken)
        where T : IKubeObject<T> =>
        SendAsync<T>(HttpMethod.Post, RequestPaths.Of(resource, obj.Metadata.Namespace), obj, cancellationToken);

    public Task<T> UpdateAsync<T>(ApiResource resource, T obj, string subresource, CancellationToken cancellationToken)
        where T : IKubeObject<T> =>
        SendAsync<T>(HttpMethod.Put, RequestPaths.Of(resource, obj.Metadata.Namespace, obj.Metadata.Name, subresource), obj, cancellationToken);

    public async Task<T> PatchAsync<T>(
        ApiResource resource, string? @namespace, string name, KubePatch patch, string subresource, CancellationToken cancellationToken)
        where T : IKubeObject<T>
    {
        var request = Request<T>(HttpMethod.Patch, RequestPaths.Of(resource, @namespace, name, subresource) + RequestPaths.PatchQuery(patch));
        request.Content = Content(patch.Body, patch.Type switch
        {
            PatchType.Json => "application/json-patch+json",
            PatchType.Merge => "application/merge-patch+json",
            PatchType.StrategicMerge => "application/strategic-merge-patch+json",
            _ => "application/apply-patch+yaml",
        });
        return KubeJson.Deserialize<T>(await SendAsync(request, cancellationToken));
    }

    public async Task DeleteAsync(ApiResource resource, string? @namespace, string name, DeleteOptions options, CancellationToken cancellationToken)
    {
        var request = Request<Status>(HttpMethod.Delete, RequestPaths.Of(resource, @namespace, name));
        request.Content = Content(KubeJson.Serialize(options), "application/json");
        await SendAsync(request, cancellationToken);
    }

    public async Task DeleteCollectionAsync(
        ApiResource resource, string? @namespace, ListQuery query, DeleteOptions options, CancellationToken cancellationToken)
    {
        var request = Request<Status>(HttpMethod.Delete, RequestPaths.List(resource, @namespace, query));
        request.Content = Content(KubeJson.Serialize(options), "application/json");
        await SendAsync(request, cancellationToken);
    }

    public Task<TResult> PostAsync<TBody, TResult>(
        ApiResource resource, string? @namespace, string name, string subresource, TBody body, CancellationToken cancellationToken)
        where TBody : IKubeType<TBody>
        where TResult : IKubeType<TResult> =>
        SendAsync<TResult>(HttpMethod.Post, RequestPaths.Of(resource, @namespace, name, subresource), body, cancellationToken);

    public void Dispose() => _http.Dispose();

    private static bool TryTakeLine(ref ReadOnlySequence<byte> buffer, out byte[] line)
    {
        if (buffer.PositionOf((byte)'\n') is not { } end)
        {
            line = [];
            return false;
        }

        line = buffer.Slice(0, end).ToArray();
        buffer = buffer.Slice(buffer.GetPosition(1, end));
        return true;
    }

    private static ReadOnlyMemoryContent Content(ReadOnlyMemory<byte> body, string type)
    {
        var content = new ReadOnlyMemoryContent(body);
        content.Headers.ContentType = new MediaTypeHeaderValue(type);
        return content;
    }

    private static KubeStatusException Refusal(HttpResponseMessage response, byte[] body)
    {
        try
        {
            var status = KubeJson.Deserialize<Status>(body);
            if (status.Code != 0 || status.Reason.Length > 0)
            {
                return new KubeStatusException(status);
            }
        }
        catch (JsonException)
        {
            // Not from an API server: a proxy in between, or not one at all.
        }

        var code = (int)response.StatusCode;
        return new KubeStatusException(new Status
        {
            StatusValue = "Failure",
            Code = code,
            Reason = code switch
            {
                401 => StatusReason.Unauthorized,
                403 => StatusReason.Forbidden,
                404 => StatusReason.NotFound,
                409 => StatusReason.Conflict,
                410 => StatusReason.Gone,
                429 => StatusReason.TooManyRequests,
                503 => StatusReason.ServiceUnavailable,
                _ => StatusReason.InternalError,
            },
            Message = $"the server answered {code} {response.ReasonPhrase}",
        });
    }

    private HttpRequestMessage Request<T>(HttpMethod method, string path, bool isList = false)
    {
        var request = new HttpRequestMessage(method, path);
        request.Headers.TryAddWithoutValidation("Accept", typeof(T) != typeof(PartialObjectMetadata)
            ? "application/json"
            : $"application/json;as=PartialObjectMetadata{(isList ? "List" : "")};g=meta.k8s.io;v=v1");
        if (_token() is { } token)
        {
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        }

        return request;
    }

    private async Task<T> SendAsync<T>(HttpMethod method, string path, IKubeType? body, CancellationToken cancellationToken)
        where T : IKubeType<T>
    {
        var request = Request<T>(method, path);
        request.Content = body is null ? null : Content(KubeJson.Serialize(body), "application/json");
        return KubeJson.Deserialize<T>(await SendAsync(request, cancellationToken));
    }

    private async Task<byte[]> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        using var message = request;
        using var timeout = new CancellationTokenSource(RequestTimeout, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellationToken);
        try
        {
            using var response = await _http.SendAsync(message, either.Token);
            var body = await response.Content.ReadAsByteArrayAsync(either.Token);
            return response.IsSuccessStatusCode ? body : throw Refusal(response, body);
        }
        catch (OperationCanceledException exception) when (!cancellationToken.IsCancellationRequested)
        {
            throw new TimeoutException($"{message.Method} {message.RequestUri} was not answered within {RequestTimeout.TotalSeconds:0} s", exception);
        }
    }
}
