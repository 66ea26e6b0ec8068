namespace Coxswain.Cel.Values;

/// <summary>The value of <c>null</c>.</summary>
public sealed class CelNull
{
    public static readonly CelNull Value = new();

    private CelNull()
    {
    }

    public override string ToString() => "null";
}
