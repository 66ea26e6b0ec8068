using System.Formats.Tar;
using System.Net;
using System.Net.Http.Json;
using System.Net.Sockets;
using System.Text;
using System.Text.Json.Nodes;
using Coxswain.DockerApi.Hosting;
using Coxswain.Engine;
using Coxswain.Engine.Hosting;
using Coxswain.Engine.Images.Documents;
using Coxswain.Engine.Tests.Containers;
using Microsoft.Extensions.Logging.Abstractions;

namespace Coxswain.DockerApi.Tests;

/// <summary>Docker's API on a socket of the test's own, over a real engine with busybox in its store.</summary>
internal sealed class TestServer : IAsyncDisposable
{
    public const string Image = "busybox:test";

    private readonly TestEngine _engine;
    private readonly HttpClient _http;
    private CancellationTokenSource _stopping = new();
    private BackgroundWork _background = new(NullLogger<BackgroundWork>.Instance);
    private ImageEngine _images;
    private Task _running = Task.CompletedTask;

    private TestServer(TestEngine engine, ImageEngine images, LocalEngine local)
    {
        _engine = engine;
        _images = images;
        Local = local;
        _http = new HttpClient(new SocketsHttpHandler
        {
            ConnectCallback = async (_, cancellationToken) => new NetworkStream(await ConnectAsync(cancellationToken), ownsSocket: true),
        })
        {
            BaseAddress = new Uri("http://docker"),
            Timeout = TimeSpan.FromSeconds(60),
        };
    }

    public LocalEngine Local { get; private set; }

    private string SocketPath => Path.Combine(_engine.Options.RunDirectory, "docker.sock");

    public static async Task<TestServer> StartAsync()
    {
        var engine = await TestEngine.StartAsync(network: true, Elsewhere);
        var images = await ImageEngine.OpenAsync(engine.Options, TimeProvider.System, engine.Network, TestEngine.Timeout);
        using var root = new MemoryStream();
        await TarFile.CreateFromDirectoryAsync(engine.Layer, root, includeBaseDirectory: false, TestEngine.Timeout);
        root.Position = 0;
        await images.Importer.ImportAsync(root, Image, new ContainerConfig { Cmd = ["sh"] }, "test", TestEngine.Timeout);
        var server = new TestServer(engine, images, new LocalEngine(engine.Engine, images, TimeProvider.System, NullLoggerFactory.Instance));
        await server.ServeAsync();
        return server;
    }

    /// <summary>Lets go of everything and begins again over the same directories, as a restart of the server does.</summary>
    public async Task RestartAsync(Func<Task>? meanwhile = null)
    {
        await StopAsync();
        _images.Dispose();
        await _engine.CloseAsync();
        await (meanwhile?.Invoke() ?? Task.CompletedTask);
        await _engine.ReopenAsync();
        _images = await ImageEngine.OpenAsync(_engine.Options, TimeProvider.System, _engine.Network, TestEngine.Timeout);
        Local = new LocalEngine(_engine.Engine, _images, TimeProvider.System, NullLoggerFactory.Instance);
        _stopping = new CancellationTokenSource();
        _background = new BackgroundWork(NullLogger<BackgroundWork>.Instance);
        await ServeAsync();
    }

    public async Task<(int Status, JsonNode? Body)> SendAsync(string method, string path, object? body = null)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), path)
        {
            Content = body is null ? null : JsonContent.Create(body),
        };
        using var response = await _http.SendAsync(request, TestEngine.Timeout);
        var text = await response.Content.ReadAsStringAsync(TestEngine.Timeout);
        return ((int)response.StatusCode, text.Length > 0 && text[0] is '{' or '[' ? JsonNode.Parse(text.Split("\r\n")[0]) : JsonValue.Create(text));
    }

    public async Task<HttpResponseMessage> GetAsync(string path) =>
        await _http.GetAsync(new Uri(path, UriKind.Relative), HttpCompletionOption.ResponseHeadersRead, TestEngine.Timeout);

    public async Task<HttpResponseMessage> PostAsync(string path, HttpContent? content = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = content };
        return await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, TestEngine.Timeout);
    }

    /// <summary>Makes a container that runs a script; returns its id.</summary>
    public async Task<string> CreateAsync(string? name, string script, Action<JsonObject>? change = null)
    {
        var body = new JsonObject
        {
            ["Image"] = Image,
            ["Cmd"] = new JsonArray("sh", "-c", script),
            ["HostConfig"] = new JsonObject(),
        };
        change?.Invoke(body);
        var (status, answer) = await SendAsync("POST", $"/containers/create{(name is null ? "" : $"?name={name}")}", body);
        Assert.True(status == 201, answer?.ToJsonString());
        return answer!["Id"]!.GetValue<string>();
    }

    public async Task<string> RunAsync(string? name, string script, Action<JsonObject>? change = null)
    {
        var id = await CreateAsync(name, script, change);
        var (status, answer) = await SendAsync("POST", $"/containers/{id}/start");
        Assert.True(status == 204, answer?.ToJsonString());
        return id;
    }

    public async Task<JsonNode> InspectAsync(string id)
    {
        var (status, answer) = await SendAsync("GET", $"/containers/{id}/json");
        Assert.Equal(200, status);
        return answer!;
    }

    public async Task<int> WaitAsync(string id)
    {
        var (status, answer) = await SendAsync("POST", $"/containers/{id}/wait");
        Assert.Equal(200, status);
        return answer!["StatusCode"]!.GetValue<int>();
    }

    /// <summary>What a script in a container prints, standard output only.</summary>
    public async Task<string> ExecAsync(string id, string script)
    {
        var (_, created) = await SendAsync("POST", $"/containers/{id}/exec", new { Cmd = new[] { "sh", "-c", script }, AttachStdout = true, AttachStderr = true });
        await using var stream = await HijackAsync($"/exec/{created!["Id"]}/start", """{"Detach":false,"Tty":false}""");
        return (await ReadFramesAsync(stream)).Where(frame => frame.Stream == 1).Aggregate("", (text, frame) => text + frame.Text);
    }

    /// <summary>A request that is turned into a raw stream, as Docker's clients send it.</summary>
    public async Task<NetworkStream> HijackAsync(string path, string body = "")
    {
        var socket = await ConnectAsync(TestEngine.Timeout);
        var stream = new NetworkStream(socket, ownsSocket: true);
        var length = body.Length > 0 ? $"Content-Type: application/json\r\nContent-Length: {body.Length}\r\n" : "";
        await stream.WriteAsync(
            Encoding.ASCII.GetBytes($"POST {path} HTTP/1.1\r\nHost: docker\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n{length}\r\n{body}"), TestEngine.Timeout);
        var head = new StringBuilder();
        var one = new byte[1];
        while (!head.ToString().EndsWith("\r\n\r\n", StringComparison.Ordinal))
        {
            Assert.Equal(1, await stream.ReadAsync(one, TestEngine.Timeout));
            head.Append((char)one[0]);
        }

        Assert.StartsWith("HTTP/1.1 101 ", head.ToString(), StringComparison.Ordinal);
        return stream;
    }

    /// <summary>All frames up to the end of the stream.</summary>
    public static async Task<List<(int Stream, string Text)>> ReadFramesAsync(Stream stream)
    {
        var frames = new List<(int, string)>();
        var header = new byte[8];
        while (await stream.ReadAtLeastAsync(header, 8, throwOnEndOfStream: false, TestEngine.Timeout) == 8)
        {
            var data = new byte[System.Buffers.Binary.BinaryPrimitives.ReadInt32BigEndian(header.AsSpan(4))];
            await stream.ReadExactlyAsync(data, TestEngine.Timeout);
            frames.Add((header[0], Encoding.UTF8.GetString(data)));
        }

        return frames;
    }

    public async ValueTask DisposeAsync()
    {
        await Local.DeleteAllAsync(TestEngine.Timeout);
        await StopAsync();
        _http.Dispose();
        _images.Dispose();
        await _engine.DisposeAsync();
    }

    /// <summary>Addresses that no other test project takes: they may run side by side.</summary>
    private static EngineOptions Elsewhere(EngineOptions options)
    {
        var subnet = IPNetwork.Parse(options.Network!.Subnet.ToString().Replace("10.213.", "10.197.", StringComparison.Ordinal)); // Asked for.
        return options with { Network = options.Network with { Subnet = subnet, ClusterNetworks = [subnet] } };
    }

    private async Task<Socket> ConnectAsync(CancellationToken cancellationToken)
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        await socket.ConnectAsync(new UnixDomainSocketEndPoint(SocketPath), cancellationToken);
        return socket;
    }

    private async Task ServeAsync()
    {
        await Local.StartAsync(TestEngine.Timeout);
        var served = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using var watcher = new FileSystemWatcher(_engine.Options.RunDirectory, "docker.sock");
        watcher.Created += (_, _) => served.TrySetResult();
        watcher.EnableRaisingEvents = true;
        var backend = new DockerBackend(_engine.Engine, _images, Local, _background, TimeProvider.System, "test");
        _running = Task.WhenAll(
            Local.RunAsync(_stopping.Token), new DockerServer(backend, NullLoggerFactory.Instance).RunAsync(SocketPath, _stopping.Token));
        await await Task.WhenAny(served.Task.WaitAsync(TestEngine.Timeout), _running);
        while (true)
        {
            // Bound is not yet listening.
            try
            {
                (await ConnectAsync(TestEngine.Timeout)).Dispose();
                return;
            }
            catch (SocketException exception) when (exception.SocketErrorCode == SocketError.ConnectionRefused)
            {
                await Task.Yield();
            }
        }
    }

    private async Task StopAsync()
    {
        await _stopping.CancelAsync();
        await _running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await _background.DisposeAsync();
        await Local.DisposeAsync();
        _stopping.Dispose();
    }
}
