using Coxswain.Api.Apps.V1;
using Coxswain.Api.Core.V1;
using Coxswain.Api.Errors;
using Coxswain.Api.Json;
using Coxswain.Api.Meta.V1;
using Coxswain.Client;
using Coxswain.Client.Events;
using Coxswain.Client.Informers;

namespace Coxswain.Controllers.StatefulSets;

/// <summary>
/// The claims of a StatefulSet's pods: made before the pod, and kept when it goes unless the set's retention policy says
/// otherwise, which is done with owner references.
/// </summary>
internal sealed class StatefulClaims(IKubeClient client, Informer<PersistentVolumeClaim> claims, EventRecorder events)
{
    private const string Delete = PersistentVolumeClaimRetentionPolicyType.Delete;

    public static string NameOf(StatefulSet set, PersistentVolumeClaim template, int ordinal) =>
        $"{template.Metadata.Name}-{set.Metadata.Name}-{StatefulPods.Text(ordinal)}";

    /// <summary>Makes the pod's claims that are not there.</summary>
    public async Task EnsureAsync(StatefulSet set, int ordinal, CancellationToken cancellationToken)
    {
        foreach (var template in set.Spec.VolumeClaimTemplates)
        {
            var name = NameOf(set, template, ordinal);
            if (claims.Get(set.Metadata.Namespace, name) is { } known)
            {
                if (known.Metadata.DeletionTimestamp is not null)
                {
                    throw new InvalidOperationException($"claim {name} is being deleted");
                }

                continue;
            }

            await CreateAsync(set, template, ordinal, name, cancellationToken);
        }
    }

    /// <summary>Makes the claims go when the retention policy says so, and stay when it does not.</summary>
    /// <param name="pod">Whose claims they are; null for a pod that does not exist.</param>
    /// <param name="isCondemned">The pod goes because the set was made smaller.</param>
    public async Task RetainAsync(StatefulSet set, int ordinal, Pod? pod, bool isCondemned, CancellationToken cancellationToken)
    {
        foreach (var template in set.Spec.VolumeClaimTemplates)
        {
            if (claims.Get(set.Metadata.Namespace, NameOf(set, template, ordinal)) is not { Metadata.DeletionTimestamp: null } claim)
            {
                continue;
            }

            var owners = OwnersOf(set, pod, isCondemned, claim);
            if (!KubeEquality.Equal(owners, claim.Metadata.OwnerReferences, (left, right) => left.Equals(right)))
            {
                await client.UpdateAsync(claim with { Metadata = claim.Metadata with { OwnerReferences = owners } }, cancellationToken);
            }
        }
    }

    private static IReadOnlyList<OwnerReference> OwnersOf(StatefulSet set, Pod? pod, bool isCondemned, PersistentVolumeClaim claim)
    {
        var policy = set.Spec.PersistentVolumeClaimRetentionPolicy ?? StatefulSetPersistentVolumeClaimRetentionPolicy.Empty;
        var others = claim.Metadata.OwnerReferences.Where(owner =>
            owner.Uid != set.Metadata.Uid && !(owner.Kind == Pod.ObjectKind.Kind && owner.Name.StartsWith(set.Metadata.Name + "-", StringComparison.Ordinal)));
        var isToGoWithPod = isCondemned && policy.WhenScaled == Delete && pod is not null;
        return isToGoWithPod ? [.. others, Plain(Pod.ObjectKind.ApiVersion, Pod.ObjectKind.Kind, pod!.Metadata)]
            : policy.WhenDeleted == Delete && !(isCondemned && policy.WhenScaled == Delete)
                ? [.. others, Plain(StatefulSet.ObjectKind.ApiVersion, StatefulSet.ObjectKind.Kind, set.Metadata)]
            : [.. others];
    }

    private static OwnerReference Plain(string apiVersion, string kind, ObjectMeta metadata) =>
        new() { ApiVersion = apiVersion, Kind = kind, Name = metadata.Name, Uid = metadata.Uid };

    private async Task CreateAsync(StatefulSet set, PersistentVolumeClaim template, int ordinal, string name, CancellationToken cancellationToken)
    {
        var labels = new Dictionary<string, string>(template.Metadata.Labels, StringComparer.Ordinal);
        foreach (var (label, value) in set.Spec.Selector?.MatchLabels ?? new Dictionary<string, string>())
        {
            labels[label] = value;
        }

        var claim = new PersistentVolumeClaim
        {
            Metadata = ObjectMeta.Empty with
            {
                Name = name, Namespace = set.Metadata.Namespace, Labels = labels, Annotations = template.Metadata.Annotations,
                OwnerReferences = OwnersOf(set, null, isCondemned: false, PersistentVolumeClaim.Empty),
            },
            Spec = template.Spec,
        };
        var subject = $"Claim {name} Pod {StatefulPods.NameOf(set, ordinal)} in StatefulSet {set.Metadata.Name}";
        try
        {
            await client.CreateAsync(claim, cancellationToken);
            events.Normal(set, "SuccessfulCreate", $"create {subject} success");
        }
        catch (KubeStatusException exception) when (exception.IsAlreadyExists)
        {
            // The cache does not show it yet.
        }
        catch (KubeStatusException exception) when (!exception.IsNamespaceTerminating)
        {
            events.Warning(set, "FailedCreate", $"create {subject} failed error: {exception.Message}");
            throw;
        }
    }
}
