using System.Globalization;
using Coxswain.Api.Apps.V1;
using Coxswain.Api.Core.V1;
using Coxswain.Api.Meta.V1;
using Coxswain.Controllers.Revisions;

namespace Coxswain.Controllers.StatefulSets;

/// <summary>The identity of a StatefulSet's pods: a name with an ordinal, a host name, claims of their own.</summary>
internal static class StatefulPods
{
    public const string NameLabel = "statefulset.kubernetes.io/pod-name";
    public const string IndexLabel = "apps.kubernetes.io/pod-index";

    public static string NameOf(StatefulSet set, int ordinal) => $"{set.Metadata.Name}-{Text(ordinal)}";

    /// <summary>Null when the pod's name is none that the set would give.</summary>
    public static int? OrdinalOf(StatefulSet set, Pod pod)
    {
        var (name, prefix) = (pod.Metadata.Name, set.Metadata.Name + "-");
        return name.StartsWith(prefix, StringComparison.Ordinal)
            && int.TryParse(name.AsSpan(prefix.Length), NumberStyles.None, CultureInfo.InvariantCulture, out var ordinal)
            && Text(ordinal).Length == name.Length - prefix.Length
            ? ordinal : null;
    }

    public static string RevisionOf(Pod pod) => pod.Metadata.Labels.GetValueOrDefault(RevisionHistory<StatefulSet>.HashLabel) ?? "";

    public static Pod Make(StatefulSet set, int ordinal, PodTemplateSpec template, string revision)
    {
        var name = NameOf(set, ordinal);
        var labels = new Dictionary<string, string>(template.Metadata.Labels, StringComparer.Ordinal)
        {
            [RevisionHistory<StatefulSet>.HashLabel] = revision,
        };
        foreach (var (label, value) in IdentityLabels(set, ordinal))
        {
            labels[label] = value;
        }

        var claims = set.Spec.VolumeClaimTemplates.Select(claim => new Volume
        {
            Name = claim.Metadata.Name,
            PersistentVolumeClaim = new PersistentVolumeClaimVolumeSource { ClaimName = StatefulClaims.NameOf(set, claim, ordinal) },
        }).ToList();
        return new Pod
        {
            Metadata = ObjectMeta.Empty with
            {
                Name = name,
                GenerateName = $"{set.Metadata.Name}-",
                Namespace = set.Metadata.Namespace,
                Labels = labels,
                Annotations = template.Metadata.Annotations,
                Finalizers = template.Metadata.Finalizers,
                OwnerReferences = [OwnerReferences.ToController(set)],
            },
            Spec = template.Spec with
            {
                Hostname = name,
                Subdomain = set.Spec.ServiceName,
                Volumes = [.. template.Spec.Volumes.Where(volume => claims.All(claim => claim.Name != volume.Name)), .. claims],
            },
        };
    }

    public static IReadOnlyDictionary<string, string> IdentityLabels(StatefulSet set, int ordinal) =>
        new Dictionary<string, string>(StringComparer.Ordinal) { [NameLabel] = NameOf(set, ordinal), [IndexLabel] = Text(ordinal) };

    internal static string Text(int ordinal) => ordinal.ToString(CultureInfo.InvariantCulture);
}
