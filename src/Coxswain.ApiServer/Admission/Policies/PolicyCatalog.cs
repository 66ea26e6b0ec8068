using Coxswain.ApiServer.Documents;
using Coxswain.Store;

namespace Coxswain.ApiServer.Admission.Policies;

/// <summary>The policies of one sort that are bound somewhere, in the order of their names, with their bindings.</summary>
/// <param name="sort"><c>validatingadmissionpolic</c> or <c>mutatingadmissionpolic</c>, to be continued.</param>
internal sealed class PolicyCatalog(IStore store, string sort) : IAsyncDisposable
{
    public const string Validating = "validatingadmissionpolic";
    public const string Mutating = "mutatingadmissionpolic";

    private const string Prefix = "/registry/admissionregistration.k8s.io/";

    private readonly StoreView<Policies> _policies = new(store, $"{Prefix}{sort}ies/", static entries => new Policies(
        [.. entries.OrderBy(entry => entry.Key, StringComparer.Ordinal).Select(entry => PolicyDefinition.Read(Document.Decode(entry.Value)))]));

    private readonly StoreView<Bindings> _bindings = new(store, $"{Prefix}{sort}ybindings/", static entries => new Bindings(
        entries.OrderBy(entry => entry.Key, StringComparer.Ordinal).Select(entry => PolicyBinding.Read(Document.Decode(entry.Value)))
            .ToLookup(binding => binding.PolicyName, StringComparer.Ordinal)));

    private Bound? _bound;

    public async ValueTask<IReadOnlyList<BoundPolicy>> GetAsync(CancellationToken cancellationToken)
    {
        var policies = await _policies.GetAsync(cancellationToken);
        if (policies.All.Count == 0)
        {
            return [];
        }

        var bindings = await _bindings.GetAsync(cancellationToken);
        var bound = Volatile.Read(ref _bound);
        if (bound is null || bound.Policies != policies || bound.Bindings != bindings)
        {
            bound = new Bound(policies, bindings, [.. policies.All.Where(policy => bindings.ByPolicy.Contains(policy.Name))
                .Select(policy => new BoundPolicy(policy, [.. bindings.ByPolicy[policy.Name]]))]);
            Volatile.Write(ref _bound, bound);
        }

        return bound.All;
    }

    public async ValueTask DisposeAsync()
    {
        await _policies.DisposeAsync();
        await _bindings.DisposeAsync();
    }

    private sealed class Policies(IReadOnlyList<PolicyDefinition> all)
    {
        public IReadOnlyList<PolicyDefinition> All => all;
    }

    private sealed class Bindings(ILookup<string, PolicyBinding> byPolicy)
    {
        public ILookup<string, PolicyBinding> ByPolicy => byPolicy;
    }

    private sealed record Bound(Policies Policies, Bindings Bindings, IReadOnlyList<BoundPolicy> All);
}

internal sealed record BoundPolicy(PolicyDefinition Policy, IReadOnlyList<PolicyBinding> Bindings);
