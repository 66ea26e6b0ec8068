using Coxswain.Cel.Types;

namespace Coxswain.Cel.Values;

/// <summary>A value of a type that only a library's functions know: an address, a quantity. Equal by content.</summary>
public abstract record CelOpaque
{
    public abstract CelType Type { get; }
}
