using System.Security.Cryptography.X509Certificates;

namespace Coxswain.Client.Http;

/// <summary>How a pod reaches the API: two environment variables and the files of its service account.</summary>
public static class InClusterConfig
{
    private const string Folder = "/var/run/secrets/kubernetes.io/serviceaccount";

    /// <summary>The connection, or null outside a cluster.</summary>
    public static KubeConnection? Load() => Load(Environment.GetEnvironmentVariable, Folder);

    internal static KubeConnection? Load(Func<string, string?> environment, string folder)
    {
        var host = environment("KUBERNETES_SERVICE_HOST");
        var port = environment("KUBERNETES_SERVICE_PORT");
        var tokenFile = Path.Combine(folder, "token");
        if (string.IsNullOrEmpty(host) || string.IsNullOrEmpty(port) || !File.Exists(tokenFile))
        {
            return null;
        }

        var authorities = new X509Certificate2Collection();
        authorities.ImportFromPemFile(Path.Combine(folder, "ca.crt"));
        var server = new UriBuilder("https", host.Contains(':', StringComparison.Ordinal) ? $"[{host}]" : host, int.Parse(port)).Uri;

        // Read each time: the node agent renews the file.
        return new KubeConnection(server, authorities, null, () => File.ReadAllText(tokenFile).Trim());
    }
}
