using Coxswain.Api.Core.V1;
using Coxswain.Api.Errors;
using Coxswain.Api.Json;
using Coxswain.Api.Limits;
using Coxswain.ApiServer.Documents;
using Coxswain.Store;

namespace Coxswain.ApiServer.Admission;

/// <summary>Fills in and holds Pods and claims to what the LimitRanges of their namespace say.</summary>
internal sealed class LimitRanger(IStore store) : IAdmissionPlugin, IAsyncDisposable
{
    private readonly StoreView<Ranges> _ranges = new(store, "/registry/core/limitranges/", entries => new Ranges(
        entries.Select(entry => KubeJson.Deserialize<LimitRange>(entry.Value.Span)).ToLookup(range => range.Metadata.Namespace, StringComparer.Ordinal)));

    public async ValueTask<bool> MutateAsync(AdmissionContext context, CancellationToken cancellationToken) =>
        context.Operation == AdmissionOperation.Create && context.Is("", "pods") && context.Document is { } pod
        && LimitRangeRules.Default(pod, await OfAsync(context, cancellationToken));

    public async ValueTask ValidateAsync(AdmissionContext context, CancellationToken cancellationToken)
    {
        if (context.Document is not { } document)
        {
            return;
        }

        IReadOnlyList<string> errors = [];
        if (context.Operation == AdmissionOperation.Create && context.Is("", "pods"))
        {
            var limits = await OfAsync(context, cancellationToken);
            errors = limits.Count == 0 ? [] : LimitRangeRules.Check(KubeJson.Deserialize<Pod>(Document.Utf8(document)).Spec, limits);
        }
        else if (context.Operation is AdmissionOperation.Create or AdmissionOperation.Update && context.Is("", "persistentvolumeclaims"))
        {
            var limits = await OfAsync(context, cancellationToken);
            errors = limits.Count == 0 ? [] : LimitRangeRules.Check(KubeJson.Deserialize<PersistentVolumeClaim>(Document.Utf8(document)).Spec, limits);
        }

        if (errors.Count > 0)
        {
            throw new KubeStatusException(Statuses.Forbidden(
                context.Request.Resource.QualifiedName, context.Request.Name, errors.Count == 1 ? errors[0] : $"[{string.Join(", ", errors)}]"));
        }
    }

    public ValueTask DisposeAsync() => _ranges.DisposeAsync();

    private async ValueTask<IReadOnlyList<LimitRangeItem>> OfAsync(AdmissionContext context, CancellationToken cancellationToken) =>
        [.. (await _ranges.GetAsync(cancellationToken)).ByNamespace[context.Request.Namespace].SelectMany(range => range.Spec.Limits)];

    private sealed record Ranges(ILookup<string, LimitRange> ByNamespace);
}
