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

namespace Coxswain.Testing.Cluster;

/// <summary>The real API server over a store in memory, with its defaulting, validation, admission and authorization.</summary>
public sealed class TestApiServer : IAsyncDisposable
{
    private readonly string _folder;
    private readonly ClusterPki _pki;

    private TestApiServer(string folder, IStore store, ClusterPki pki, ApiServerHost host)
    {
        (_folder, _pki, Store, Host) = (folder, pki, store, host);
        Admin = ClientFor(new User(ClusterPki.AdminUser, [ClusterPki.MastersGroup, User.AuthenticatedGroup]));
    }

    public IStore Store { get; }

    public ApiServerHost Host { get; }

    /// <summary>A client that may do everything.</summary>
    public IKubeClient Admin { get; }

    /// <param name="overHttp">Also serve on a free port of the loopback device.</param>
    public static async Task<TestApiServer> StartAsync(TimeProvider time, bool overHttp = false)
    {
        var folder = Directory.CreateTempSubdirectory("coxswain-apiserver-").FullName;
        var store = new MemoryStore(new StoreOptions(), time);
        var pki = ClusterPki.Open(folder, time);
        var host = new ApiServerHost(new ApiServerOptions
        {
            Store = store,
            Pki = pki,
            Time = time,
            Random = new Random(3),
            LoggerFactory = NullLoggerFactory.Instance,
            Endpoints = overHttp ? [new IPEndPoint(IPAddress.Loopback, 0)] : [],
        });
        await host.StartAsync(CancellationToken.None);
        return new TestApiServer(folder, store, pki, host);
    }

    /// <summary>A client in process with that identity, held to what its roles allow.</summary>
    public IKubeClient ClientFor(User user) => Host.ClientFor(user);

    /// <summary>A client of the served port, as administrator.</summary>
    public HttpKubeClient Connect()
    {
        var admin = _pki.Admin();
        using var pem = X509Certificate2.CreateFromPem(admin.CertificatePem, admin.KeyPem);
        var certificate = X509CertificateLoader.LoadPkcs12(pem.Export(X509ContentType.Pkcs12), null);
        var authorities = new X509Certificate2Collection();
        authorities.ImportFromPem(Host.CertificateAuthorityPem);
        var server = new Uri($"https://127.0.0.1:{Host.Endpoints[0].Port}");
        return new HttpKubeClient(new KubeConnection(server, authorities, certificate, () => null), TimeProvider.System);
    }

    public async ValueTask DisposeAsync()
    {
        await Host.DisposeAsync();
        await Store.DisposeAsync();
        _pki.Dispose();
        Directory.Delete(_folder, recursive: true);
    }
}
