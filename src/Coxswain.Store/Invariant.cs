using System.Diagnostics.CodeAnalysis;

namespace Coxswain.Store;

/// <summary>Assertions that stay on in release: a store that contradicts itself must not go on acknowledging writes.</summary>
internal static class Invariant
{
    public static void Holds([DoesNotReturnIf(false)] bool condition, string rule)
    {
        if (!condition)
        {
            Environment.FailFast($"coxswain store: broken invariant: {rule}");
        }
    }
}
