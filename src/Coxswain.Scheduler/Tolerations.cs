using Coxswain.Api.Core.V1;

namespace Coxswain.Scheduler;

/// <summary>Which taints a pod's tolerations cover. Also what taint-based eviction and DaemonSets ask.</summary>
public static class Tolerations
{
    public static bool Tolerate(IReadOnlyList<Toleration> tolerations, Taint taint)
    {
        foreach (var toleration in tolerations)
        {
            if (Tolerates(toleration, taint))
            {
                return true;
            }
        }

        return false;
    }

    public static bool Tolerates(Toleration toleration, Taint taint) =>
        (toleration.Effect.Length == 0 || toleration.Effect == taint.Effect)
        && (toleration.Key.Length == 0 || toleration.Key == taint.Key)
        && toleration.Operator switch
        {
            TolerationOperator.Exists => true,
            "" or TolerationOperator.Equal => toleration.Key.Length > 0 && toleration.Value == taint.Value,
            _ => false,
        };
}
