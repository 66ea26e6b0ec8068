using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Coxswain.DockerApi.Hosting;
using Coxswain.Engine;
using Coxswain.Engine.Hosting;
using Coxswain.Engine.Images.Documents;
using Coxswain.Engine.Images.Registry;
using Coxswain.Engine.Images.Stores;
using Microsoft.Extensions.Logging.Abstractions;

namespace Coxswain.DockerApi.Tests;

public sealed class RegistryServerTests : IAsyncLifetime
{
    private readonly string _directory = Directory.CreateTempSubdirectory("coxswain-registry-").FullName;
    private readonly CancellationTokenSource _stopping = new();
    private readonly HttpClient _http = new();
    private readonly int _port = FreePort();
    private ImageEngine? _images;
    private RegistryStore? _store;
    private Task _running = Task.CompletedTask;

    private ImageEngine Images => _images!; // Opened before each test.

    public async Task InitializeAsync()
    {
        var options = new EngineOptions { DataDirectory = _directory, RunDirectory = Path.Combine(_directory, "run"), Network = null };
        _images = await ImageEngine.OpenAsync(options, TimeProvider.System, null, CancellationToken.None);
        _store = new RegistryStore(_images.Store);
        _running = new RegistryServer(_store, TimeProvider.System, NullLoggerFactory.Instance).RunAsync(_port, _stopping.Token);
        _http.BaseAddress = new Uri($"http://127.0.0.1:{_port}/v2/");
    }

    public async Task DisposeAsync()
    {
        await _stopping.CancelAsync();
        await _running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _store?.Dispose();
        _images?.Dispose();
        _http.Dispose();
        _stopping.Dispose();
        Directory.Delete(_directory, recursive: true);
    }

    [Fact]
    public async Task Image_PushedRemovedAndPulled_IsTheSame()
    {
        var name = $"localhost:{_port}/team/app:v1";
        using var root = new MemoryStream();
        await System.Formats.Tar.TarFile.CreateFromDirectoryAsync(Directory.CreateTempSubdirectory("coxswain-root-").FullName, root, false);
        root.Position = 0;
        var image = await Images.Importer.ImportAsync(root, name, new ContainerConfig { Cmd = ["sh"] }, "", CancellationToken.None);

        var digest = await Images.Pusher.PushAsync(name, null, null, CancellationToken.None);
        await Images.Store.RemoveAsync(name, force: true, CancellationToken.None);
        var pulled = await Images.Registry.PullAsync(name, new PullOptions(), CancellationToken.None);
        await Images.LoginAsync($"localhost:{_port}", new RegistryCredentials("a", "b"), CancellationToken.None);

        Assert.Equal(image.Id, pulled.Id);
        Assert.Equal($"localhost:{_port}/team/app@{digest}", Assert.Single(pulled.RepositoryDigests));
        Assert.Equal("""{"tags":["v1"],"name":"team/app"}""", await _http.GetStringAsync("team/app/tags/list"));
        Assert.Equal("""{"repositories":["team/app"]}""", await _http.GetStringAsync("_catalog"));
    }

    [Fact]
    public async Task Blob_InPieces_IsReadFromAnyPlaceAndOnlyInItsRepository()
    {
        var digest = await UploadAsync("one", "0123456789");

        using var whole = await _http.GetAsync($"one/blobs/{digest}");
        using var request = new HttpRequestMessage(HttpMethod.Get, $"one/blobs/{digest}") { Headers = { Range = new RangeHeaderValue(4, 6) } };
        using var part = await _http.SendAsync(request);
        using var elsewhere = await _http.GetAsync($"two/blobs/{digest}");
        using var mounted = await _http.PostAsync($"two/blobs/uploads/?mount={digest}&from=one", null);
        using var then = await _http.GetAsync($"two/blobs/{digest}");

        Assert.Equal("0123456789", await whole.Content.ReadAsStringAsync());
        Assert.Equal((HttpStatusCode.PartialContent, "456"), (part.StatusCode, await part.Content.ReadAsStringAsync()));
        Assert.Equal(HttpStatusCode.NotFound, elsewhere.StatusCode);
        Assert.Equal(HttpStatusCode.Created, mounted.StatusCode);
        Assert.Equal(HttpStatusCode.OK, then.StatusCode);
    }

    [Fact]
    public async Task Upload_OutOfOrderOrOfAnotherDigest_IsRefused()
    {
        using var begun = await _http.PostAsync("one/blobs/uploads/", null);
        var place = begun.Headers.Location!; // The answer to a begun upload has one.
        using var outOfOrder = await _http.SendAsync(Piece(HttpMethod.Patch, place, "later", "5-9"));
        using var wrong = await _http.SendAsync(Piece(HttpMethod.Put, new Uri($"{place}?digest={Sha("other")}", UriKind.Relative), "content", null));
        using var gone = await _http.SendAsync(Piece(HttpMethod.Patch, place, "more", null));

        Assert.Equal(HttpStatusCode.Accepted, begun.StatusCode);
        Assert.Equal(HttpStatusCode.RequestedRangeNotSatisfiable, outOfOrder.StatusCode);
        Assert.Equal(HttpStatusCode.BadRequest, wrong.StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, gone.StatusCode);
    }

    [Fact]
    public async Task Manifest_AboutAnother_IsAReferrerUntilItIsDeleted()
    {
        var config = await UploadAsync("app", "{}");
        var subject = await PutAsync("app", "v1", Manifest(config, null));
        var signature = await PutAsync("app", null, Manifest(config, subject));
        var unknown = Manifest(Sha("nothing"), null);

        var referrers = JsonNode.Parse(await _http.GetStringAsync($"app/referrers/{subject}"))!["manifests"]!.AsArray();
        using var missing = await _http.PutAsync("app/manifests/v2", Content(unknown));
        using var deleted = await _http.DeleteAsync($"app/manifests/{signature}");
        var none = JsonNode.Parse(await _http.GetStringAsync($"app/referrers/{subject}"))!["manifests"]!.AsArray();

        Assert.Equal(signature, Assert.Single(referrers)!["digest"]!.GetValue<string>());
        Assert.Equal(HttpStatusCode.NotFound, missing.StatusCode);
        Assert.Equal(HttpStatusCode.Accepted, deleted.StatusCode);
        Assert.Empty(none);
    }

    [Fact]
    public async Task Content_OfTheRegistry_SurvivesACollectionAndUnnamedContentDoesNot()
    {
        var config = await UploadAsync("app", "{}");
        var manifest = await PutAsync("app", "v1", Manifest(config, null));

        await Images.Store.PruneAsync(new ImagePruneOptions { All = true, BuildCache = true }, CancellationToken.None);
        using var kept = await _http.GetAsync($"app/blobs/{config}");
        await _http.DeleteAsync($"app/manifests/{manifest}");
        await Images.Store.PruneAsync(new ImagePruneOptions { All = true, BuildCache = true }, CancellationToken.None);

        Assert.Equal(HttpStatusCode.OK, kept.StatusCode);
        Assert.False(File.Exists(Path.Combine(_directory, "images", "blobs", "sha256", manifest["sha256:".Length..])));
    }

    private static string Manifest(string config, string? subject) =>
        new JsonObject
        {
            ["schemaVersion"] = 2,
            ["mediaType"] = MediaTypes.OciManifest,
            ["config"] = new JsonObject { ["mediaType"] = "application/vnd.example", ["digest"] = config, ["size"] = 2 },
            ["layers"] = new JsonArray(),
            ["subject"] = subject is null ? null : new JsonObject { ["mediaType"] = MediaTypes.OciManifest, ["digest"] = subject, ["size"] = 1 },
        }.ToJsonString().Replace(",\"subject\":null", "", StringComparison.Ordinal);

    private static string Sha(string text) => "sha256:" + Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)));

    private static StringContent Content(string manifest)
    {
        var content = new StringContent(manifest);
        content.Headers.ContentType = new MediaTypeHeaderValue(MediaTypes.OciManifest);
        return content;
    }

    private static HttpRequestMessage Piece(HttpMethod method, Uri place, string text, string? range)
    {
        var request = new HttpRequestMessage(method, place) { Content = new ByteArrayContent(Encoding.UTF8.GetBytes(text)) };
        if (range is not null)
        {
            request.Content.Headers.TryAddWithoutValidation("Content-Range", range);
        }

        return request;
    }

    private static int FreePort()
    {
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return ((IPEndPoint)socket.LocalEndPoint!).Port; // Bound.
    }

    private async Task<string> UploadAsync(string name, string text)
    {
        using var begun = await _http.PostAsync($"{name}/blobs/uploads/", null);
        var half = text.Length / 2;
        using var first = await _http.SendAsync(Piece(HttpMethod.Patch, begun.Headers.Location!, text[..half], $"0-{half - 1}")); // As above.
        using var done = await _http.SendAsync(
            Piece(HttpMethod.Put, new Uri($"{begun.Headers.Location}?digest={Sha(text)}", UriKind.Relative), text[half..], null));
        Assert.Equal(HttpStatusCode.Created, done.StatusCode);
        return Sha(text);
    }

    private async Task<string> PutAsync(string name, string? tag, string manifest)
    {
        using var stored = await _http.PutAsync($"{name}/manifests/{tag ?? Sha(manifest)}", Content(manifest));
        Assert.True(stored.StatusCode == HttpStatusCode.Created, await stored.Content.ReadAsStringAsync());
        return Sha(manifest);
    }
}
