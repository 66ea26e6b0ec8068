using System.Text;

namespace Coxswain.Workloads;

/// <summary>Stores 5,000 Pods of about 3.4 KB that no node runs, and 8,000 ConfigMaps of 1 KiB, in the namespace <c>fill</c>.</summary>
internal static class Fill
{
    private const int Pods = 5000;
    private const int Maps = 8000;
    private const int Clients = 16;

    public static async Task RunAsync(Target target)
    {
        await using (var connection = await target.OpenAsync())
        {
            await connection.SendAsync(connection.Prepare("POST", "/api/v1/namespaces", """{"metadata":{"name":"fill"}}"""u8));
        }

        await Task.WhenAll(Enumerable.Range(0, Clients).Select(async client =>
        {
            await using var connection = await target.OpenAsync();
            for (var i = client; i < Pods + Maps; i += Clients)
            {
                var request = i < Pods
                    ? connection.Prepare("POST", "/api/v1/namespaces/fill/pods", Pod(i))
                    : connection.Prepare("POST", ConfigMaps.Path("fill"), ConfigMaps.Body($"m{i}"));
                var (status, _) = await connection.SendAsync(request);
                if (status is not (201 or 409))
                {
                    throw new InvalidOperationException($"object {i} was answered with {status}");
                }
            }
        }));
        Console.WriteLine($"filled: {Pods} Pods and {Maps} ConfigMaps");
    }

    /// <summary>A Pod as a Deployment makes it; its scheduler does not exist, so that it stays stored and nothing more.</summary>
    public static byte[] Pod(int number)
    {
        var environment = string.Join(",", Enumerable.Range(0, 12).Select(i => $$$"""{"name":"SETTING_{{{i}}}","value":"a value of ordinary length for number {{{i}}}"}"""));
        return Encoding.UTF8.GetBytes($$$"""
            {"apiVersion":"v1","kind":"Pod","metadata":{"name":"pod-{{{number}}}","labels":{"app":"fill","tier":"backend","pod-template-hash":"6fb656695f"},
            "annotations":{"note":"{{{new string('n', 400)}}}"}},
            "spec":{"schedulerName":"nobody","containers":[{"name":"main","image":"registry.example.org/team/service:v1.2.3","ports":[{"containerPort":8080,"name":"http"}],
            "resources":{"requests":{"cpu":"10m","memory":"16Mi"},"limits":{"memory":"64Mi"}},"env":[{{{environment}}}],
            "livenessProbe":{"httpGet":{"path":"/healthz","port":8080} },"readinessProbe":{"httpGet":{"path":"/ready","port":8080} } }] } }
            """);
    }
}
