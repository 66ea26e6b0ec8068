using Coxswain.Cel.Types;
using Coxswain.Cel.Values;

namespace Coxswain.Cel.Functions;

/// <summary>What the authorizer answered.</summary>
/// <param name="Error">Empty unless it could not answer.</param>
public sealed record CelDecision(bool IsAllowed, string Reason = "", string Error = "") : CelOpaque
{
    internal static readonly CelType DecisionType = CelType.Opaque("kubernetes.authorization.Decision");

    public override CelType Type => DecisionType;
}
