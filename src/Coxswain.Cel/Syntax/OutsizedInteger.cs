namespace Coxswain.Cel.Syntax;

/// <summary>An integer literal that is none without a minus before it.</summary>
internal sealed record OutsizedInteger(ulong Value);
