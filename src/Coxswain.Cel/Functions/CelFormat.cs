using Coxswain.Cel.Types;
using Coxswain.Cel.Values;

namespace Coxswain.Cel.Functions;

/// <summary>A form that texts may have, by its name.</summary>
internal sealed record CelFormat(string Name) : CelOpaque
{
    public static readonly CelType FormatType = CelType.Opaque("kubernetes.NamedFormat");

    public override CelType Type => FormatType;
}
