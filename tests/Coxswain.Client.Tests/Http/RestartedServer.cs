using System.Net;
using System.Security.Cryptography.X509Certificates;
using Coxswain.ApiServer;
using Coxswain.ApiServer.Certificates;
using Coxswain.ApiServer.Users;
using Coxswain.Client.Http;
using Coxswain.Store;
using Coxswain.Store.Memory;
using Microsoft.Extensions.Logging.Abstractions;

namespace Coxswain.Client.Tests.Http;

/// <summary>An API server that stops and comes back at the same address, over a store that stays.</summary>
internal sealed class RestartedServer : IAsyncDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("coxswain-client-");
    private readonly MemoryStore _store = new(new StoreOptions(), TimeProvider.System);
    private readonly ClusterPki _pki;
    private readonly ApiServerHost _always;
    private ApiServerHost? _server;
    private IPEndPoint _endpoint = new(IPAddress.Loopback, 0);

    private RestartedServer()
    {
        _pki = ClusterPki.Open(_folder.FullName, TimeProvider.System);
        _always = Host();
        InProcess = _always.ClientFor(new User("admin", [ClusterPki.MastersGroup, User.AuthenticatedGroup]));
    }

    /// <summary>Reaches the objects whether or not the server can be connected to.</summary>
    public IKubeClient InProcess { get; }

    public static async Task<RestartedServer> StartAsync()
    {
        var server = new RestartedServer();
        await server._always.StartAsync(default);
        await server.ComeBackAsync();
        return server;
    }

    public HttpKubeClient Connect()
    {
        var admin = _pki.Admin();
        using var pem = X509Certificate2.CreateFromPem(admin.CertificatePem, admin.KeyPem);
        var certificate = X509CertificateLoader.LoadPkcs12(pem.Export(X509ContentType.Pkcs12), null);
        var authorities = new X509Certificate2Collection();
        authorities.ImportFromPem(_always.CertificateAuthorityPem);
        return new HttpKubeClient(new KubeConnection(new Uri($"https://{_endpoint}"), authorities, certificate, () => null), TimeProvider.System);
    }

    public async Task StopAsync()
    {
        if (_server is { } server)
        {
            _server = null;
            await server.DisposeAsync();
        }
    }

    public async Task ComeBackAsync()
    {
        _server = Host(_endpoint);
        await _server.StartAsync(default);
        _endpoint = new IPEndPoint(IPAddress.Loopback, _server.Endpoints[0].Port);
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        await _always.DisposeAsync();
        await _store.DisposeAsync();
        _pki.Dispose();
        _folder.Delete(recursive: true);
    }

    private ApiServerHost Host(params IPEndPoint[] endpoints) => new(new ApiServerOptions
    {
        Store = _store,
        Pki = _pki,
        Time = TimeProvider.System,
        Random = new Random(1),
        LoggerFactory = NullLoggerFactory.Instance,
        Endpoints = endpoints,
    });
}
