using System.Net;
using System.Security.Cryptography.X509Certificates;
using Coxswain.Api;
using Coxswain.Api.Meta.V1;
using Coxswain.Client;
using YamlDotNet.RepresentationModel;

namespace Coxswain.Hosting;

/// <summary>The command line's own way to the API: the administrator's certificate from the data directory.</summary>
internal sealed class AdminClient : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private readonly X509Certificate2 _authority;
    private readonly X509Certificate2 _certificate;
    private readonly HttpClient _http;

    private AdminClient(Uri server, X509Certificate2 authority, X509Certificate2 certificate)
    {
        _authority = authority;
        _certificate = certificate;
        var handler = new SocketsHttpHandler { UseProxy = false };
        handler.SslOptions.ClientCertificates = [certificate];
        handler.SslOptions.CertificateChainPolicy = new X509ChainPolicy
        {
            TrustMode = X509ChainTrustMode.CustomRootTrust,
            CustomTrustStore = { authority },
            RevocationMode = X509RevocationMode.NoCheck,
        };
        _http = new HttpClient(handler) { BaseAddress = server, Timeout = Patience };
    }

    /// <exception cref="CommandFailure">The cluster was never started here.</exception>
    public static AdminClient Open(ClusterPaths paths)
    {
        if (!File.Exists(paths.AdminKubeconfig))
        {
            throw new CommandFailure("the cluster was never started; start it with 'coxswain up'");
        }

        var stream = new YamlStream();
        using (var reader = new StreamReader(paths.AdminKubeconfig))
        {
            stream.Load(reader);
        }

        var root = (YamlMappingNode)stream.Documents[0].RootNode;
        var cluster = (YamlMappingNode)root["clusters"][0]["cluster"];
        var user = (YamlMappingNode)root["users"][0]["user"];
        return new AdminClient(
            new Uri(Text(cluster, "server")),
            X509Certificate2.CreateFromPem(Pem(cluster, "certificate-authority-data")),
            X509Certificate2.CreateFromPem(Pem(user, "client-certificate-data"), Pem(user, "client-key-data")));
    }

    /// <summary>The object, or null when there is none of that name.</summary>
    public async Task<T?> FindAsync<T>(string? @namespace, string name, CancellationToken cancellationToken)
        where T : class, IKubeObject<T>
    {
        var resource = ApiResources.Of<T>();
        var root = resource.Group.Length == 0 ? $"api/{resource.Version}" : $"apis/{resource.ApiVersion}";
        var place = @namespace is null ? "" : $"namespaces/{Uri.EscapeDataString(@namespace)}/";
        using var response = await _http.GetAsync(new Uri($"{root}/{place}{resource.Plural}/{Uri.EscapeDataString(name)}", UriKind.Relative), cancellationToken);
        var body = await response.Content.ReadAsByteArrayAsync(cancellationToken);
        return response.StatusCode switch
        {
            HttpStatusCode.OK => KubeJson.Deserialize<T>(body),
            HttpStatusCode.NotFound => null,
            _ => throw new KubeApiException(KubeJson.Deserialize<Status>(body)),
        };
    }

    public void Dispose()
    {
        _http.Dispose();
        _certificate.Dispose();
        _authority.Dispose();
    }

    private static string Text(YamlMappingNode node, string key) => ((YamlScalarNode)node[key]).Value!;

    private static string Pem(YamlMappingNode node, string key) =>
        System.Text.Encoding.ASCII.GetString(Convert.FromBase64String(Text(node, key)));
}
