using System.Net;
using System.Security.Cryptography.X509Certificates;
using Coxswain.ApiServer;
using Coxswain.ApiServer.Certificates;
using Coxswain.ApiServer.Users;
using Coxswain.Client;
using Coxswain.Client.Http;
using Coxswain.Store;
using Coxswain.Store.Memory;
using Microsoft.Extensions.Logging.Abstractions;

namespace Coxswain.Controllers.Tests;

/// <summary>The controllers over the real API server, in its process or over its sockets.</summary>
internal sealed class ServedControlPlane : IAsyncDisposable
{
    private readonly string _folder;
    private readonly IStore _store;
    private readonly ClusterPki _pki;
    private readonly ApiServerHost _server;
    private readonly HttpKubeClient? _http;

    private ServedControlPlane(string folder, IStore store, ClusterPki pki, ApiServerHost server, bool overHttp)
    {
        (_folder, _store, _pki, _server) = (folder, store, pki, server);
        _http = overHttp ? Connect() : null;
        Cluster = new ControlPlane(client: (IKubeClient?)_http ?? server.ClientFor(new User("system:controllers", [ClusterPki.MastersGroup, User.AuthenticatedGroup])));
    }

    public ControlPlane Cluster { get; }

    public static async Task<ServedControlPlane> StartAsync(bool overHttp)
    {
        var folder = Directory.CreateTempSubdirectory("coxswain-controllers-").FullName;
        var store = new MemoryStore(new StoreOptions(), TimeProvider.System);
        var pki = ClusterPki.Open(folder, TimeProvider.System);
        var server = new ApiServerHost(new ApiServerOptions
        {
            Store = store,
            Pki = pki,
            Time = TimeProvider.System,
            Random = new Random(3),
            LoggerFactory = NullLoggerFactory.Instance,
            Endpoints = overHttp ? [new IPEndPoint(IPAddress.Loopback, 0)] : [],
        });
        await server.StartAsync(default);
        return new ServedControlPlane(folder, store, pki, server, overHttp);
    }

    public async ValueTask DisposeAsync()
    {
        await Cluster.DisposeAsync();
        _http?.Dispose();
        await _server.DisposeAsync();
        await _store.DisposeAsync();
        _pki.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    private HttpKubeClient Connect()
    {
        var admin = _pki.Admin();
        using var pem = X509Certificate2.CreateFromPem(admin.CertificatePem, admin.KeyPem);
        var certificate = X509CertificateLoader.LoadPkcs12(pem.Export(X509ContentType.Pkcs12), null);
        var authorities = new X509Certificate2Collection();
        authorities.ImportFromPem(_server.CertificateAuthorityPem);
        var server = new Uri($"https://127.0.0.1:{_server.Endpoints[0].Port}");
        return new HttpKubeClient(new KubeConnection(server, authorities, certificate, () => null), TimeProvider.System);
    }
}
