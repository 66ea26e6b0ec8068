using Coxswain.Api.Core.V1;

namespace Coxswain.Scheduler.Cycle;

/// <summary>What preemption could do for a pod.</summary>
public abstract record PreemptionVerdict
{
    private PreemptionVerdict()
    {
    }

    /// <param name="Pods">All of lower priority, and enough of them.</param>
    public sealed record Victims(string NodeName, IReadOnlyList<Pod> Pods) : PreemptionVerdict;

    /// <param name="NotHelpful">Nodes that refuse the pod whatever pods they have.</param>
    /// <param name="NoVictims">Nodes without pods whose going would be enough.</param>
    public sealed record Nothing(int NodeCount, int NotHelpful, int NoVictims) : PreemptionVerdict
    {
        /// <summary>In Kubernetes' words.</summary>
        public string Message => $"preemption: 0/{NodeCount} nodes are available: {string.Join(", ", Reasons())}.";

        private IEnumerable<string> Reasons()
        {
            if (NoVictims > 0)
            {
                yield return $"{NoVictims} No preemption victims found for incoming pod";
            }

            if (NotHelpful > 0)
            {
                yield return $"{NotHelpful} Preemption is not helpful for scheduling";
            }
        }
    }
}

/// <summary>What a PodDisruptionBudget still allows.</summary>
/// <param name="Allowed">How many of its pods may go.</param>
public sealed record VictimBudget(Func<Pod, bool> Covers, int Allowed);
