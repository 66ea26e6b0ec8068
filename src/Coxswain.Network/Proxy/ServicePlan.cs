namespace Coxswain.Network.Proxy;

/// <summary>What one Service wants in the rules.</summary>
/// <param name="Elements">Distinct.</param>
/// <param name="Slots">By port and traffic policy, for <see cref="EndpointSlots.Assign"/> the next time.</param>
internal sealed record ServicePlan(
    IReadOnlyList<RuleElement> Elements, IReadOnlyDictionary<string, IReadOnlyList<string>> Slots)
{
    public static readonly ServicePlan Empty = new([], new Dictionary<string, IReadOnlyList<string>>());
}
