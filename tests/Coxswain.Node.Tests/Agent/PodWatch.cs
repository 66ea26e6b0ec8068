using Coxswain.Api.Core.V1;
using Coxswain.Client;

namespace Coxswain.Node.Tests.Agent;

/// <summary>Awaits states of Pods.</summary>
internal static class PodWatch
{
    public static bool IsReady(Pod? pod) =>
        pod?.Status.Conditions.Any(condition => condition is { Type: "Ready", Status: "True" }) == true;

    /// <summary>Waits until the pod is as wanted, or with null gone.</summary>
    public static async Task<Pod?> WaitForAsync(IKubeClient client, string name, Func<Pod?, bool> wanted)
    {
        var cancellation = TestNode.Timeout;
        var list = await client.ListAsync<Pod>("default", ListQuery.All, cancellation);
        var seen = list.Items.FirstOrDefault(pod => pod.Metadata.Name == name);
        if (wanted(seen))
        {
            return seen;
        }

        try
        {
            await foreach (var change in client.WatchAsync<Pod>("default", new WatchQuery(list.Metadata.ResourceVersion), cancellation))
            {
                if (change.Object.Metadata.Name == name)
                {
                    seen = change.Type == WatchEventType.Deleted ? null : change.Object;
                    if (wanted(seen))
                    {
                        return seen;
                    }
                }
            }
        }
        catch (OperationCanceledException)
        {
        }

        Assert.Fail($"awaited another state of pod {name}, saw {(seen is null ? "none" : Coxswain.Api.Json.KubeJson.ToString(seen.Status))}");
        return null;
    }
}
