using System.Text.Json.Nodes;
using Coxswain.Api.Json;
using Coxswain.ApiServer.Documents;
using Coxswain.Store;

namespace Coxswain.ApiServer.Admission;

/// <summary>Gives claims and Ingresses that name no class the one that is marked as the cluster's default.</summary>
internal sealed class DefaultClasses(IStore store) : IAdmissionPlugin, IAsyncDisposable
{
    private readonly StoreView<Defaults> _storage = View(store, "/registry/storage.k8s.io/storageclasses/", "storageclass.kubernetes.io/is-default-class");
    private readonly StoreView<Defaults> _ingress = View(store, "/registry/networking.k8s.io/ingressclasses/", "ingressclass.kubernetes.io/is-default-class");

    public async ValueTask<bool> MutateAsync(AdmissionContext context, CancellationToken cancellationToken)
    {
        if (context.Operation != AdmissionOperation.Create || context.Document is not { } document)
        {
            return false;
        }

        if (context.Is("", "persistentvolumeclaims"))
        {
            // An empty name means no class; only one that is not there asks for the default.
            var spec = document.ObjectOrNew("spec");
            return !spec.ContainsKey("storageClassName") && !HasAnnotation(document, "volume.beta.kubernetes.io/storage-class")
                && Give(spec, "storageClassName", (await _storage.GetAsync(cancellationToken)).Newest);
        }

        if (context.Is("networking.k8s.io", "ingresses"))
        {
            var spec = document.ObjectOrNew("spec");
            if (spec.ContainsKey("ingressClassName") || HasAnnotation(document, "kubernetes.io/ingress.class"))
            {
                return false;
            }

            return Give(spec, "ingressClassName", (await _ingress.GetAsync(cancellationToken)).Newest);
        }

        return false;
    }

    public async ValueTask DisposeAsync()
    {
        await _storage.DisposeAsync();
        await _ingress.DisposeAsync();
    }

    private static bool HasAnnotation(JsonObject document, string name) => document.Metadata().Object("annotations")?.ContainsKey(name) == true;

    private static bool Give(JsonObject spec, string field, string? name)
    {
        if (name is null)
        {
            return false;
        }

        spec[field] = name;
        return true;
    }

    /// <summary>Of several defaults the newest counts, and of those the first by name.</summary>
    private static StoreView<Defaults> View(IStore store, string prefix, string annotation) => new(store, prefix, entries => new Defaults(
        entries.Select(entry => StoredObject.Of(entry).Metadata).Where(metadata => metadata.Annotations.GetValueOrDefault(annotation) == "true")
            .OrderByDescending(metadata => metadata.CreationTimestamp).ThenBy(metadata => metadata.Name, StringComparer.Ordinal)
            .Select(metadata => metadata.Name).FirstOrDefault()));

    private sealed record Defaults(string? Newest);
}
