using System.Net;
using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json.Nodes;
using Coxswain.Api.Core.V1;
using Coxswain.Api.Meta.V1;
using Coxswain.ApiServer.Certificates;
using Coxswain.ApiServer.Users;
using Coxswain.Client;
using Coxswain.Store;
using Coxswain.Store.Memory;
using Microsoft.Extensions.Logging.Abstractions;

namespace Coxswain.ApiServer.Tests;

/// <summary>A whole API server on a free port over an empty memory store, with a namespace to work in and its account.</summary>
public sealed class TestServer : IAsyncDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("coxswain-apiserver-");

    private TestServer(StoreOptions storeOptions, TimeProvider time, Func<ApiServerOptions, ApiServerOptions>? options)
    {
        Pki = ClusterPki.Open(_folder.FullName, TimeProvider.System);
        Store = new MemoryStore(storeOptions, time);
        Intercepted = new InterceptedStore(Store);
        Host = NewHost(Intercepted, time, options);
        Admin = Host.ClientFor(new User("admin", [ClusterPki.MastersGroup, User.AuthenticatedGroup]));
    }

    public ClusterPki Pki { get; }

    public IStore Store { get; }

    /// <summary>The same store as the server writes it.</summary>
    internal InterceptedStore Intercepted { get; }

    public ApiServerHost Host { get; }

    public IKubeClient Admin { get; }

    public HttpClient Http { get; private set; } = null!; // set before StartAsync returns

    public string Folder => _folder.FullName;

    public Uri Address => new($"https://127.0.0.1:{Host.Endpoints[0].Port}");

    public static async Task<TestServer> StartAsync(
        StoreOptions? storeOptions = null, TimeProvider? time = null, Func<ApiServerOptions, ApiServerOptions>? options = null)
    {
        var server = new TestServer(storeOptions ?? new StoreOptions(), time ?? TimeProvider.System, options);
        await server.Host.StartAsync(CancellationToken.None);
        server.Http = server.ClientWith(server.Pki.Admin());
        await server.Admin.CreateAsync(new ServiceAccount { Metadata = new ObjectMeta { Name = "default", Namespace = "default" } }, CancellationToken.None);
        return server;
    }

    public ApiServerHost NewHost(IStore store, TimeProvider time, Func<ApiServerOptions, ApiServerOptions>? options = null) =>
        new((options ?? (given => given))(OptionsFor(store, time)));

    private ApiServerOptions OptionsFor(IStore store, TimeProvider time) => new()
    {
        Store = store,
        Pki = Pki,
        Time = time,
        Random = new Random(42),
        LoggerFactory = NullLoggerFactory.Instance,
        Endpoints = [new IPEndPoint(IPAddress.Loopback, 0)],
        Advertised = new IPEndPoint(IPAddress.Parse("10.244.0.1"), 6443),
        ServiceAccountPatience = TimeSpan.FromSeconds(30),
    };

    /// <param name="certificate">Null to come without one.</param>
    public HttpClient ClientWith(KeyAndCertificate? certificate)
    {
        var handler = new SocketsHttpHandler { SslOptions = TlsOptions(certificate) };
        return new HttpClient(handler)
        {
            BaseAddress = Address,
            DefaultRequestVersion = HttpVersion.Version20,
            DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };
    }

    public SslClientAuthenticationOptions TlsOptions(KeyAndCertificate? certificate) => new()
    {
        ClientCertificates = certificate is null ? [] : [certificate.ToCertificate()],
        CertificateChainPolicy = new X509ChainPolicy
        {
            TrustMode = X509ChainTrustMode.CustomRootTrust,
            CustomTrustStore = { X509Certificate2.CreateFromPem(Pki.Authority.CertificatePem) },
            RevocationMode = X509RevocationMode.NoCheck,
        },
    };

    public async Task<Answer> SendAsync(HttpMethod method, string path, string? body = null, string contentType = "application/json", HttpClient? client = null)
    {
        using var message = new HttpRequestMessage(method, path) { Version = HttpVersion.Version20, VersionPolicy = HttpVersionPolicy.RequestVersionExact };
        if (body is not null)
        {
            message.Content = new StringContent(body, Encoding.UTF8);
            message.Content.Headers.ContentType = System.Net.Http.Headers.MediaTypeHeaderValue.Parse(contentType);
        }

        using var answer = await (client ?? Http).SendAsync(message);
        var text = await answer.Content.ReadAsStringAsync();
        var warnings = answer.Headers.TryGetValues("Warning", out var values) ? values.ToList() : [];
        return new Answer((int)answer.StatusCode, text, warnings);
    }

    public Task<Answer> GetAsync(string path) => SendAsync(HttpMethod.Get, path);

    public Task<Answer> PostAsync(string path, string body) => SendAsync(HttpMethod.Post, path, body);

    public Task<Answer> PatchAsync(string path, string body, string kind = "merge") =>
        SendAsync(HttpMethod.Patch, path, body, $"application/{kind}-patch+json");

    /// <summary>Returns when something holds that changes with what is served.</summary>
    public async Task UntilAsync(Func<bool> holds)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        while (!holds())
        {
            await Host.Catalogue.WaitForSwapAsync(holds, patience.Token);
        }
    }

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        await Host.DisposeAsync();
        await Store.DisposeAsync();
        Pki.Dispose();
        _folder.Delete(recursive: true);
    }
}

public sealed record Answer(int Code, string Text, IReadOnlyList<string> Warnings)
{
    public JsonObject Json => JsonNode.Parse(Text)!.AsObject();

    public string Message => (string?)Json["message"] ?? "";

    public string Reason => (string?)Json["reason"] ?? "";

    public Answer Expect(int code)
    {
        Assert.True(Code == code, $"expected {code}, got {Code}: {Text}");
        return this;
    }
}
