using System.Text.Json.Nodes;
using Coxswain.Api.Json;

namespace Coxswain.ApiServer.Webhooks;

/// <summary>Whom to call and whom to trust there: a clientConfig, read.</summary>
/// <param name="Url">For a Service its name inside the cluster, which is what its certificate is made for.</param>
/// <param name="Service">Null when the URL is dialled as it is.</param>
/// <param name="AuthorityPem">Who signs the server's certificate; empty for the machine's own authorities.</param>
internal sealed record WebhookTarget(string Url, ServicePort? Service, string AuthorityPem)
{
    private const int DefaultPort = 443;

    public static WebhookTarget Of(JsonObject clientConfig)
    {
        var authority = AuthorityOf(clientConfig.Text("caBundle"));
        if (clientConfig.Object("service") is not { } service)
        {
            return new WebhookTarget(clientConfig.Text("url"), null, authority);
        }

        var port = new ServicePort(service.Text("namespace"), service.Text("name"), (int)(service.Integer("port") ?? DefaultPort));
        return new WebhookTarget($"https://{port.Host}:{port.Port}{service.Text("path")}", port, authority);
    }

    public static string AuthorityOf(string base64)
    {
        try
        {
            return System.Text.Encoding.UTF8.GetString(Convert.FromBase64String(base64));
        }
        catch (FormatException)
        {
            return "";
        }
    }
}

/// <summary>A port of a Service.</summary>
internal sealed record ServicePort(string Namespace, string Name, int Port)
{
    public string Host => $"{Name}.{Namespace}.svc";
}
