using Coxswain.Api.Errors;
using Coxswain.Api.Json;
using Coxswain.Api.Scheduling.V1;
using Coxswain.ApiServer.Documents;
using Coxswain.Store;

namespace Coxswain.ApiServer.Admission;

/// <summary>Resolves a Pod's priority class into its number; without one the cluster's default counts.</summary>
internal sealed class PriorityAdmission(IStore store) : IAdmissionPlugin, IAsyncDisposable
{
    private const string Prefix = "/registry/scheduling.k8s.io/priorityclasses/";

    private readonly StoreView<PriorityClasses> _classes = new(store, Prefix, entries =>
        new PriorityClasses([.. entries.Select(entry => KubeJson.Deserialize<PriorityClass>(entry.Value.Span))]));

    public async ValueTask<bool> MutateAsync(AdmissionContext context, CancellationToken cancellationToken)
    {
        if (context.Operation != AdmissionOperation.Create || !context.Is("", "pods") || context.Document is not { } pod)
        {
            return false;
        }

        var spec = pod.ObjectOrNew("spec");
        var name = spec.Text("priorityClassName");
        var classes = (await _classes.GetAsync(cancellationToken)).All;
        var chosen = name.Length > 0 ? classes.FirstOrDefault(known => known.Metadata.Name == name)
            : classes.Where(known => known.GlobalDefault).MinBy(known => known.Value);
        if (name.Length > 0 && chosen is null)
        {
            throw new KubeStatusException(Statuses.Forbidden("pods", context.Request.Name, $"no PriorityClass with name {name} was found"));
        }

        if (chosen is not null)
        {
            spec["priorityClassName"] = chosen.Metadata.Name;
        }

        spec["priority"] = (long)(chosen?.Value ?? 0);
        spec["preemptionPolicy"] = chosen?.PreemptionPolicy ?? "PreemptLowerPriority";
        return true;
    }

    public ValueTask DisposeAsync() => _classes.DisposeAsync();

    private sealed record PriorityClasses(IReadOnlyList<PriorityClass> All);
}
