using System.Globalization;

namespace Coxswain.ApiServer.Resources.Rules;

/// <summary>The ports that Services of type NodePort and LoadBalancer open on every node.</summary>
internal sealed class PortRange : INumberRange
{
    public long First => 30000;

    public long Last => 32767;

    public long FirstAutomatic => First;

    public string Text(long number) => number.ToString(CultureInfo.InvariantCulture);

    public bool TryParse(string text, out long number) =>
        long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number) && number >= First && number <= Last;

    public override string ToString() => $"{First}-{Last}";
}
