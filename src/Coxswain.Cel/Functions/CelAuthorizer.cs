using Coxswain.Cel.Types;
using Coxswain.Cel.Values;

namespace Coxswain.Cel.Functions;

/// <summary>A question to the authorizer as far as it is put; each method on it adds a word.</summary>
/// <param name="Ask">Answers a question that is whole; may throw to have it asked again once the answer is known.</param>
public sealed record CelAuthorizer(CelAccessCheck Check, Func<CelAccessCheck, CelDecision> Ask) : CelOpaque
{
    public static readonly CelType AuthorizerType = CelType.Opaque("kubernetes.authorization.Authorizer");
    internal static readonly CelType PathType = CelType.Opaque("kubernetes.authorization.PathCheck");
    internal static readonly CelType GroupType = CelType.Opaque("kubernetes.authorization.GroupCheck");
    public static readonly CelType ResourceType = CelType.Opaque("kubernetes.authorization.ResourceCheck");

    private readonly CelType _type = AuthorizerType;

    public override CelType Type => _type;

    /// <summary>The same with another word.</summary>
    public CelAuthorizer As(CelType type, Func<CelAccessCheck, CelAccessCheck> change) => new(this, type) { Check = change(Check) };

    private CelAuthorizer(CelAuthorizer other, CelType type)
        : this(other.Check, other.Ask) => _type = type;
}
