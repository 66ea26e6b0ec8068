using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json.Nodes;
using Coxswain.Api.Decoding;

namespace Coxswain.Client.Http;

/// <summary>Reads kubeconfig files, as kubectl writes them: data embedded or in files beside it.</summary>
public static class KubeConfig
{
    /// <param name="context">Null for the file's current-context.</param>
    /// <exception cref="InvalidDataException">The file lacks something; the message says what.</exception>
    public static KubeConnection Load(string path, string? context = null)
    {
        var root = JsonNode.Parse(KubeYaml.ToJson(File.ReadAllBytes(path))) as JsonObject ?? throw new InvalidDataException($"{path} is not a kubeconfig");
        var name = context ?? Text(root, "current-context") ?? throw new InvalidDataException($"{path} has no current-context");
        var chosen = Named(root, "contexts", "context", name, path);
        var cluster = Named(root, "clusters", "cluster", Text(chosen, "cluster") ?? "", path);
        var user = Text(chosen, "user") is { } userName ? Named(root, "users", "user", userName, path) : [];
        var folder = Path.GetDirectoryName(Path.GetFullPath(path))!; // A file is always in a folder.

        var authorities = new X509Certificate2Collection();
        if (Pem(cluster, "certificate-authority", folder) is { } ca)
        {
            authorities.ImportFromPem(ca);
        }

        var server = Text(cluster, "server") ?? throw new InvalidDataException($"{path} names no server for context \"{name}\"");
        return new KubeConnection(new Uri(server), authorities, Certificate(user, folder), Token(user, folder))
        {
            SkipTlsVerify = cluster["insecure-skip-tls-verify"]?.GetValue<bool>() == true,
        };
    }

    private static JsonObject Named(JsonObject root, string list, string kind, string name, string path) =>
        (root[list] as JsonArray ?? []).OfType<JsonObject>().FirstOrDefault(item => Text(item, "name") == name)?[kind] as JsonObject
        ?? throw new InvalidDataException($"{path} has no {kind} \"{name}\"");

    private static X509Certificate2? Certificate(JsonObject user, string folder)
    {
        if (Pem(user, "client-certificate", folder) is not { } certificate || Pem(user, "client-key", folder) is not { } key)
        {
            return null;
        }

        // Through PKCS #12, because TLS takes no key that lives only in memory on every platform.
        using var pem = X509Certificate2.CreateFromPem(certificate, key);
        return X509CertificateLoader.LoadPkcs12(pem.Export(X509ContentType.Pkcs12), null);
    }

    private static Func<string?> Token(JsonObject user, string folder) => Text(user, "tokenFile") is { } file
        ? () => File.ReadAllText(Path.Combine(folder, file)).Trim()
        : () => Text(user, "token");

    private static string? Pem(JsonObject item, string name, string folder) =>
        Text(item, $"{name}-data") is { } data ? Encoding.ASCII.GetString(Convert.FromBase64String(data))
        : Text(item, name) is { } file ? File.ReadAllText(Path.Combine(folder, file))
        : null;

    private static string? Text(JsonObject item, string name) => item[name]?.ToString() is { Length: > 0 } text ? text : null;
}
