using System.Text;
using System.Text.Json;
using Coxswain.Api.Apps.V1;
using Coxswain.Api.Decoding;
using Coxswain.Api.Errors;
using Coxswain.Api.Meta.V1;
using Coxswain.Api.Resources;
using Coxswain.Client;
using Coxswain.Hosting;

namespace Coxswain.Addons;

/// <summary>Makes and removes the objects of add-ons, as their user with kubectl could.</summary>
internal sealed class AddonManager(IKubeClient client, ClusterPaths paths)
{
    private const string Namespace = "kube-system";
    private const string Manager = "coxswain-addons";

    public async Task<bool> IsEnabledAsync(Addon addon, CancellationToken cancellationToken) =>
        await client.FindAsync<Deployment>(Namespace, addon.Deployment, cancellationToken) is not null;

    /// <summary>Applies the objects, also those of an earlier version.</summary>
    public async Task ApplyAsync(Addon addon, CancellationToken cancellationToken)
    {
        foreach (var (resource, metadata, body) in Objects(addon))
        {
            await client.PatchAsync<PartialObjectMetadata>(
                resource, metadata.Namespace, metadata.Name, new KubePatch(PatchType.Apply, body, Manager, Force: true), "", cancellationToken);
        }
    }

    /// <summary>Completes when it runs.</summary>
    public async Task WaitUntilReadyAsync(Addon addon, CancellationToken cancellationToken)
    {
        while (true)
        {
            var list = await client.ListAsync<Deployment>(Namespace, new ListQuery(FieldSelector: $"metadata.name={addon.Deployment}"), cancellationToken);
            if (list.Items is [var deployment] && IsReady(deployment))
            {
                return;
            }

            await foreach (var change in client.WatchAsync<Deployment>(
                Namespace, new WatchQuery(list.Metadata.ResourceVersion, FieldSelector: $"metadata.name={addon.Deployment}"), cancellationToken))
            {
                if (change.Type is not WatchEventType.Bookmark && IsReady(change.Object))
                {
                    return;
                }
            }
        }
    }

    public async Task DeleteAsync(Addon addon, CancellationToken cancellationToken)
    {
        foreach (var (resource, metadata, _) in Objects(addon).Reverse())
        {
            try
            {
                await client.DeleteAsync(resource, metadata.Namespace, metadata.Name, DeleteOptions.Empty, cancellationToken);
            }
            catch (KubeStatusException exception) when (exception.IsNotFound)
            {
            }
        }
    }

    private static bool IsReady(Deployment deployment) =>
        deployment.Status.ObservedGeneration >= deployment.Metadata.Generation
        && deployment.Status.UpdatedReplicas > 0 && deployment.Status.AvailableReplicas >= deployment.Status.UpdatedReplicas;

    private IEnumerable<(ApiResource Resource, (string? Namespace, string Name) Metadata, byte[] Body)> Objects(Addon addon)
    {
        using var stream = typeof(AddonManager).Assembly.GetManifestResourceStream(addon.Manifest)
            ?? throw new InvalidOperationException($"there is no manifest {addon.Manifest}");
        using var reader = new StreamReader(stream);
        var text = reader.ReadToEnd();
        foreach (var (name, value) in addon.Values(paths))
        {
            text = text.Replace($"{{{{{name}}}}}", value, StringComparison.Ordinal);
        }

        foreach (var document in KubeYaml.ReadAll(Encoding.UTF8.GetBytes(text)))
        {
            using var parsed = JsonDocument.Parse(document.Json);
            var root = parsed.RootElement;
            var metadata = root.GetProperty("metadata");
            var (apiVersion, kind) = (root.GetProperty("apiVersion").GetString()!, root.GetProperty("kind").GetString()!); // Our own manifests have both.
            var resource = ApiResources.All.First(resource => resource.ApiVersion == apiVersion && resource.Kind == kind);
            yield return (
                resource, (resource.Namespaced ? metadata.GetProperty("namespace").GetString() : null, metadata.GetProperty("name").GetString()!), document.Json);
        }
    }
}
