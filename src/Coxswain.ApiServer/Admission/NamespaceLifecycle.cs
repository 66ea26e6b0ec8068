using Coxswain.Api.Errors;
using Coxswain.ApiServer.Documents;
using Coxswain.ApiServer.Resources;
using Coxswain.Store;

namespace Coxswain.ApiServer.Admission;

/// <summary>Nothing is created in a namespace that is not there or is ending, and the cluster's own namespaces stay.</summary>
internal sealed class NamespaceLifecycle(IStore store, CatalogueHolder resources) : IAdmissionPlugin
{
    private static readonly string[] Immortal = ["default", "kube-system", "kube-public"];

    private readonly ServedResource _namespaces = resources.Of<Coxswain.Api.Core.V1.Namespace>();

    public async ValueTask<bool> MutateAsync(AdmissionContext context, CancellationToken cancellationToken)
    {
        var request = context.Request;
        if (context.Operation != AdmissionOperation.Create || !request.Resource.Resource.Namespaced || !request.Resource.Rules.NeedsNamespace)
        {
            return false;
        }

        var entry = await store.GetAsync(_namespaces.Key("", request.Namespace), cancellationToken)
            ?? throw new KubeStatusException(Statuses.NotFound("namespaces", request.Namespace));
        if (StoredObject.Of(entry).Metadata.DeletionTimestamp is not null)
        {
            throw new KubeStatusException(Statuses.NamespaceTerminating(request.Resource.QualifiedName, request.Name, request.Namespace));
        }

        return false;
    }

    public ValueTask ValidateAsync(AdmissionContext context, CancellationToken cancellationToken)
    {
        if (context.Operation == AdmissionOperation.Delete && context.Is("", "namespaces") && Immortal.Contains(context.Request.Name))
        {
            throw new KubeStatusException(Statuses.Forbidden("namespaces", context.Request.Name, "this namespace may not be deleted"));
        }

        return ValueTask.CompletedTask;
    }
}
