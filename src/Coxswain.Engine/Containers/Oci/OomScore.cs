using System.Globalization;

namespace Coxswain.Engine.Containers.Oci;

/// <summary>How willingly the kernel's OOM killer takes a container.</summary>
internal static class OomScore
{
    private const string Resource = "CAP_SYS_RESOURCE";

    /// <summary>
    /// Without the capability the kernel lets nobody be less likely killed than who starts it, and runc would not start a container that
    /// wants to be: such a one gets the least there is. Containers keep their order, only less far apart.
    /// </summary>
    private static readonly Lazy<int> Least = new(() => Capabilities.Has(Resource) ? int.MinValue : ReadOwn());

    public static int Clamp(int wanted) => Math.Max(wanted, Least.Value);

    private static int ReadOwn() => int.Parse(File.ReadAllText("/proc/self/oom_score_adj").Trim(), CultureInfo.InvariantCulture);
}
