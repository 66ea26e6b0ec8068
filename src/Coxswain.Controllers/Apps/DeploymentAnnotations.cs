using System.Globalization;
using Coxswain.Api.Apps.V1;

namespace Coxswain.Controllers.Apps;

/// <summary>What a Deployment writes on its ReplicaSets, and <c>kubectl rollout</c> reads.</summary>
internal static class DeploymentAnnotations
{
    public const string Revision = "deployment.kubernetes.io/revision";
    public const string RevisionHistory = "deployment.kubernetes.io/revision-history";
    public const string DesiredReplicas = "deployment.kubernetes.io/desired-replicas";
    public const string MaxReplicas = "deployment.kubernetes.io/max-replicas";
    private const string LastApplied = "kubectl.kubernetes.io/last-applied-configuration";
    private const string RollbackTo = "deprecated.deployment.rollback.to";

    /// <summary>Annotations that mean the Deployment itself and are not handed down.</summary>
    private static readonly HashSet<string> NotCopied = [LastApplied, Revision, RevisionHistory, DesiredReplicas, MaxReplicas, RollbackTo];

    public static long RevisionOf(ReplicaSet set) =>
        long.TryParse(set.Metadata.Annotations.GetValueOrDefault(Revision), NumberStyles.None, CultureInfo.InvariantCulture, out var revision) ? revision : 0;

    public static int? Number(ReplicaSet set, string annotation) =>
        int.TryParse(set.Metadata.Annotations.GetValueOrDefault(annotation), NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;

    /// <summary>The annotations of the Deployment's newest ReplicaSet: those of the Deployment, and its revision with the ones it had before.</summary>
    public static Dictionary<string, string> OfNewest(Deployment deployment, IReadOnlyDictionary<string, string> current, long revision)
    {
        var annotations = new Dictionary<string, string>(current, StringComparer.Ordinal);
        foreach (var (name, value) in deployment.Metadata.Annotations)
        {
            if (!NotCopied.Contains(name))
            {
                annotations[name] = value;
            }
        }

        var earlier = current.GetValueOrDefault(Revision) ?? "";
        if (!long.TryParse(earlier, NumberStyles.None, CultureInfo.InvariantCulture, out var known) || known < revision)
        {
            annotations[Revision] = $"{revision}";
            if (earlier.Length > 0)
            {
                annotations[RevisionHistory] = current.TryGetValue(RevisionHistory, out var history) && history.Length > 0 ? $"{history},{earlier}" : earlier;
            }
        }

        return annotations;
    }

    public static Dictionary<string, string> WithReplicas(IReadOnlyDictionary<string, string> current, int desired, int most) =>
        new(current, StringComparer.Ordinal) { [DesiredReplicas] = $"{desired}", [MaxReplicas] = $"{most}" };
}
