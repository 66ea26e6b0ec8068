using Coxswain.Api.Errors;
using Coxswain.Api.Networking.V1;
using Coxswain.Client;
using Coxswain.Client.Events;

namespace Coxswain.Network.Ingresses;

/// <summary>Says on each Ingress what became of it: where it is reached, in its status, and what is wrong, as Events.</summary>
internal sealed class IngressReports(string address, IKubeClient client, EventRecorder events)
{
    /// <summary>What was said last, so that it is said once. As many as there are Ingresses.</summary>
    private readonly Dictionary<string, string> _said = new(StringComparer.Ordinal);

    public async Task ReportAsync(
        IReadOnlyList<Ingress> ours, IReadOnlyList<Ingress> others, IReadOnlyList<IngressProblem> problems, CancellationToken cancellationToken)
    {
        var byOwner = problems.ToLookup(problem => problem.Owner, StringComparer.Ordinal);
        foreach (var ingress in ours)
        {
            var key = IngressPlanner.KeyOf(ingress);
            var own = byOwner[key].ToList();
            Say(ingress, key, own);
            await SetAddressAsync(ingress, isServed: !own.Any(problem => problem.IsRefused), cancellationToken);
        }

        foreach (var ingress in others)
        {
            await SetAddressAsync(ingress, isServed: false, cancellationToken);
        }

        foreach (var gone in _said.Keys.Except(ours.Select(IngressPlanner.KeyOf), StringComparer.Ordinal).ToList())
        {
            _said.Remove(gone);
        }
    }

    private void Say(Ingress ingress, string key, List<IngressProblem> problems)
    {
        var text = string.Join('\n', problems.Select(problem => problem.Message).Prepend(ingress.Metadata.Uid));
        if (_said.GetValueOrDefault(key) == text)
        {
            return;
        }

        _said[key] = text;
        foreach (var problem in problems)
        {
            events.Warning(ingress, problem.IsRefused ? "Rejected" : "Incomplete", problem.Message);
        }

        if (!problems.Any(problem => problem.IsRefused))
        {
            events.Normal(ingress, "Sync", "Scheduled for sync");
        }
    }

    private async Task SetAddressAsync(Ingress ingress, bool isServed, CancellationToken cancellationToken)
    {
        var has = ingress.Status.LoadBalancer.Ingress.Any(item => item.Ip == address);
        if (has == isServed)
        {
            return;
        }

        IReadOnlyList<IngressLoadBalancerIngress> items = isServed ? [IngressLoadBalancerIngress.Empty with { Ip = address }] : [];
        try
        {
            await client.UpdateStatusAsync(
                ingress with { Status = ingress.Status with { LoadBalancer = ingress.Status.LoadBalancer with { Ingress = items } } }, cancellationToken);
        }
        catch (KubeStatusException exception) when (exception.IsConflict || exception.IsNotFound)
        {
            // It changed meanwhile, and so is looked at again.
        }
    }
}
