using System.Text;

namespace Coxswain.Workloads;

/// <summary>ConfigMaps with 1 KiB of data, and a namespace of their own to put them in.</summary>
internal static class ConfigMaps
{
    private static readonly string Data = new('x', 1024);

    public static byte[] Body(string name) => Encoding.UTF8.GetBytes(
        $$$"""{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"{{{name}}}"},"data":{"value":"{{{Data}}}"}}""");

    public static string Path(string @namespace) => $"/api/v1/namespaces/{@namespace}/configmaps";

    public static async Task<string> CreateNamespaceAsync(Target target)
    {
        var name = $"bench-{Environment.ProcessId}-{DateTime.UtcNow:HHmmss}";
        await using var connection = await target.OpenAsync();
        var body = Encoding.UTF8.GetBytes($$$"""{"apiVersion":"v1","kind":"Namespace","metadata":{"name":"{{{name}}}"}}""");
        var (status, _) = await connection.SendAsync(connection.Prepare("POST", "/api/v1/namespaces", body));
        return status == 201 ? name : throw new InvalidOperationException($"the namespace was answered with {status}");
    }

    /// <summary>Returns when the namespace is gone, so that its deletion is no part of what is measured next.</summary>
    public static async Task DeleteNamespaceAsync(Target target, string name)
    {
        await using var connection = await target.OpenAsync();
        await connection.SendAsync(connection.Prepare("DELETE", $"/api/v1/namespaces/{name}"));
        var get = connection.Prepare("GET", $"/api/v1/namespaces/{name}");
        while ((await connection.SendAsync(get)).Status != 404)
        {
            await Task.Delay(100);
        }
    }
}
