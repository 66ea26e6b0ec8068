using Coxswain.Api;
using Coxswain.Api.Core.V1;
using Coxswain.Api.Errors;
using Coxswain.Api.Json;
using Coxswain.Api.Quota;
using Coxswain.Api.Scalars;
using Coxswain.ApiServer.Documents;
using Coxswain.ApiServer.Resources;
using Coxswain.Store;

namespace Coxswain.ApiServer.Admission;

/// <summary>
/// Refuses what would take a namespace above a ResourceQuota, and notes in the quota's status what it lets through, so that
/// two writes at once cannot both take what is left. The controller counts again what is there.
/// </summary>
internal sealed class QuotaAdmission(IStore store) : IAdmissionPlugin, IAsyncDisposable
{
    private const string Prefix = "/registry/core/resourcequotas/";

    /// <summary>Contention among the writers of one namespace.</summary>
    private const int MostAttempts = 100;

    private readonly StoreView<Quotas> _quotas = new(store, Prefix, entries => new Quotas(entries.ToLookup(
        entry => entry.Key[Prefix.Length..].Split('/')[0], entry => new Entry(entry, KubeJson.Deserialize<ResourceQuota>(entry.Value.Span)), StringComparer.Ordinal)));

    public async ValueTask ValidateAsync(AdmissionContext context, CancellationToken cancellationToken)
    {
        var request = context.Request;
        if (context.Operation is not (AdmissionOperation.Create or AdmissionOperation.Update) || context.Subresource.Length > 0
            || !request.Resource.Resource.Namespaced || context.Document is not { } document)
        {
            return;
        }

        var quotas = (await _quotas.GetAsync(cancellationToken)).ByNamespace[request.Namespace].ToList();
        if (quotas.Count == 0)
        {
            return;
        }

        var stored = request.Resource.Storage;
        var value = stored.Read(Document.Encode(document));
        var old = context.Old is null ? null : stored.Read(Document.Encode(context.Old));
        var touched = quotas.Where(quota => QuotaScopes.Matches(quota.Quota.Spec, value)).ToList();
        foreach (var quota in touched)
        {
            CheckStated(context, quota.Quota, value);
            _ = Take(context, quota.Quota, Delta(stored, quota.Quota, value, old));
        }

        if (!request.DryRun)
        {
            foreach (var quota in touched)
            {
                await ChargeAsync(context, quota, Delta(stored, quota.Quota, value, old), cancellationToken);
            }
        }
    }

    public ValueTask DisposeAsync() => _quotas.DisposeAsync();

    /// <summary>What the write adds to what the quota counts; what it gives back is for the controller to see.</summary>
    private static Dictionary<string, Quantity> Delta(ServedResource stored, ResourceQuota quota, IKubeObject value, IKubeObject? old)
    {
        var before = old is not null && QuotaScopes.Matches(quota.Spec, old) ? ObjectUsage.Of(stored.Resource, old) : new Dictionary<string, Quantity>();
        return ObjectUsage.Of(stored.Resource, value)
            .Select(item => (item.Key, Amount: before.TryGetValue(item.Key, out var had) ? item.Value - had : item.Value))
            .Where(item => item.Amount > default(Quantity) && quota.Status.Hard.ContainsKey(item.Key))
            .ToDictionary(item => item.Key, item => item.Amount, StringComparer.Ordinal);
    }

    private static void CheckStated(AdmissionContext context, ResourceQuota quota, IKubeObject value)
    {
        if (context.Operation == AdmissionOperation.Create && value is Pod pod
            && ObjectUsage.Unstated(pod, quota.Spec.Hard.Keys) is { Count: > 0 } missing)
        {
            throw Refusal(context, $"failed quota: {quota.Metadata.Name}: must specify {string.Join(",", missing)}");
        }
    }

    /// <returns>What is used afterwards.</returns>
    private static Dictionary<string, Quantity> Take(AdmissionContext context, ResourceQuota quota, Dictionary<string, Quantity> delta)
    {
        var used = quota.Status.Used.ToDictionary(StringComparer.Ordinal);
        var exceeded = new SortedSet<string>(StringComparer.Ordinal);
        foreach (var (name, amount) in delta)
        {
            used[name] = used.GetValueOrDefault(name) + amount;
            if (used[name] > quota.Status.Hard[name])
            {
                exceeded.Add(name);
            }
        }

        return exceeded.Count == 0 ? used : throw Refusal(context, $"exceeded quota: {quota.Metadata.Name}, requested: {List(delta)}, used: "
            + $"{List(quota.Status.Used)}, limited: {List(quota.Status.Hard)}");

        string List(IReadOnlyDictionary<string, Quantity> amounts) =>
            string.Join(",", exceeded.Select(name => $"{name}={amounts.GetValueOrDefault(name)}"));
    }

    private async ValueTask ChargeAsync(
        AdmissionContext context, Entry entry, Dictionary<string, Quantity> delta, CancellationToken cancellationToken)
    {
        var stands = entry.Stored;
        var quota = entry.Quota;
        for (var attempt = 0; delta.Count > 0 && attempt < MostAttempts; attempt++)
        {
            var used = Take(context, quota, delta);
            var document = Document.Decode(stands.Value);
            var amounts = document.ObjectOrNew("status").ObjectOrNew("used");
            foreach (var name in delta.Keys)
            {
                amounts[name] = used[name].ToString();
            }

            var result = await store.WriteAsync(new StoreWrite(stands.Key, Document.Encode(document), stands.ModRevision), cancellationToken);
            if (result.Outcome == WriteOutcome.Committed || result.Entry is not { } other)
            {
                return;
            }

            stands = other;
            quota = KubeJson.Deserialize<ResourceQuota>(other.Value.Span);
        }
    }

    private static KubeStatusException Refusal(AdmissionContext context, string why) =>
        new(Statuses.Forbidden(context.Request.Resource.QualifiedName, context.Request.Name, why));

    private sealed record Entry(StoreEntry Stored, ResourceQuota Quota);

    private sealed record Quotas(ILookup<string, Entry> ByNamespace);
}
