namespace Coxswain.Controllers.Autoscaling;

/// <summary>How far the usage may be from its target before anything is done.</summary>
/// <param name="Up">Above it, as a fraction.</param>
/// <param name="Down">Below it.</param>
internal sealed record Tolerance(double Up, double Down)
{
    public static readonly Tolerance Default = new(0.1, 0.1);

    public bool Covers(double ratio) => ratio >= 1 - Down - 1e-9 && ratio <= 1 + Up + 1e-9;
}
