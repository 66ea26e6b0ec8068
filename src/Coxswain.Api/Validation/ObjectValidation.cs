using System.Collections.Frozen;
using Coxswain.Api.Apps.V1;
using Coxswain.Api.Batch.V1;
using Coxswain.Api.Coordination.V1;
using Coxswain.Api.Core.V1;
using Coxswain.Api.Discovery.V1;
using Coxswain.Api.Errors;
using Coxswain.Api.Networking.V1;
using Coxswain.Api.Policy.V1;
using Coxswain.Api.Rbac.V1;
using Coxswain.Api.Scheduling.V1;
using Coxswain.Api.Storage.V1;

namespace Coxswain.Api.Validation;

/// <summary>
/// The rules an object must keep beyond its shape, checked on typed, defaulted objects. Every kind's metadata is
/// checked; the built-in kinds that Kubernetes checks further are too.
/// </summary>
public static class ObjectValidation
{
    /// <summary>What kinds have to keep beyond their metadata.</summary>
    private static readonly FrozenDictionary<ObjectKind, KindValidation> ByKind = new[]
    {
        KindValidation.Of<Pod>(PodValidation.Check, PodUpdateValidation.Check, PodValidation.Create),
        KindValidation.Of<PodTemplate>((errors, template) => PodValidation.Template(errors, template.Template, "template")),
        KindValidation.Of<Deployment>(WorkloadValidation.Check,
            (errors, now, before) => errors.Immutable("spec.selector", now.Spec.Selector, Equals(now.Spec.Selector, before.Spec.Selector))),
        KindValidation.Of<ReplicaSet>(WorkloadValidation.Check,
            (errors, now, before) => errors.Immutable("spec.selector", now.Spec.Selector, Equals(now.Spec.Selector, before.Spec.Selector))),
        KindValidation.Of<StatefulSet>(WorkloadValidation.Check, WorkloadValidation.CheckUpdate),
        KindValidation.Of<DaemonSet>(WorkloadValidation.Check,
            (errors, now, before) => errors.Immutable("spec.selector", now.Spec.Selector, Equals(now.Spec.Selector, before.Spec.Selector))),
        KindValidation.Of<ReplicationController>(WorkloadValidation.Check),
        KindValidation.Of<Job>(JobValidation.Check, JobValidation.CheckUpdate),
        KindValidation.Of<CronJob>(JobValidation.Check),
        KindValidation.Of<Service>(ServiceValidation.Check, ServiceValidation.CheckUpdate),
        KindValidation.Of<ConfigMap>(ConfigValidation.Check, ConfigValidation.CheckUpdate),
        KindValidation.Of<Secret>(ConfigValidation.Check, ConfigValidation.CheckUpdate),
        KindValidation.Of<Namespace>(ClusterValidation.Check),
        KindValidation.Of<Core.V1.Node>(ClusterValidation.Check, ClusterValidation.CheckUpdate),
        KindValidation.Of<Lease>(ClusterValidation.Check),
        KindValidation.Of<ResourceQuota>(ClusterValidation.Check),
        KindValidation.Of<PriorityClass>(ClusterValidation.Check,
            (errors, now, before) => errors.Immutable("value", now.Value, now.Value == before.Value)),
        KindValidation.Of<Autoscaling.V2.HorizontalPodAutoscaler>(ClusterValidation.Check),
        KindValidation.Of<PodDisruptionBudget>(ClusterValidation.Check),
        KindValidation.Of<PersistentVolumeClaim>(StorageValidation.Check, StorageValidation.CheckUpdate),
        KindValidation.Of<PersistentVolume>(StorageValidation.Check),
        KindValidation.Of<StorageClass>(StorageValidation.Check, StorageValidation.CheckUpdate),
        KindValidation.Of<Ingress>(NetworkValidation.Check),
        KindValidation.Of<NetworkPolicy>(NetworkValidation.Check),
        KindValidation.Of<Endpoints>(NetworkValidation.Check),
        KindValidation.Of<EndpointSlice>(NetworkValidation.Check, NetworkValidation.CheckUpdate),
        KindValidation.Of<Role>((errors, role) => RbacValidation.Rules(errors, role.Rules, isNamespaced: true)),
        KindValidation.Of<ClusterRole>((errors, role) => RbacValidation.Rules(errors, role.Rules, isNamespaced: false)),
        KindValidation.Of<RoleBinding>((errors, binding) => RbacValidation.Binding(errors, binding.RoleRef, binding.Subjects, isNamespaced: true),
            (errors, now, before) => RbacValidation.BindingUpdate(errors, now.RoleRef, before.RoleRef)),
        KindValidation.Of<ClusterRoleBinding>((errors, binding) => RbacValidation.Binding(errors, binding.RoleRef, binding.Subjects, isNamespaced: false),
            (errors, now, before) => RbacValidation.BindingUpdate(errors, now.RoleRef, before.RoleRef)),
    }.ToFrozenDictionary(own => own.Kind);

    public static IReadOnlyList<FieldError> ValidateCreate(IKubeObject value)
    {
        var errors = new FieldErrors();
        MetadataValidation.Create(errors, value);
        if (ByKind.TryGetValue(value.Kind, out var own))
        {
            own.Check(errors, value);
            own.CheckCreate(errors, value);
        }

        return errors.All;
    }

    /// <summary>
    /// Checks an update of the object itself; a subresource (<c>status</c>, <c>binding</c>, <c>resize</c>) has rules of
    /// its own and needs only <see cref="ValidateMetadataUpdate"/>.
    /// </summary>
    /// <param name="value">As it will be stored: with the metadata the server itself sets.</param>
    /// <param name="old">As it is stored.</param>
    public static IReadOnlyList<FieldError> ValidateUpdate(IKubeObject value, IKubeObject old)
    {
        var errors = new FieldErrors();
        MetadataValidation.Update(errors, value, old);
        if (ByKind.TryGetValue(value.Kind, out var own))
        {
            own.Check(errors, value);
            own.CheckUpdate(errors, value, old);
        }

        return errors.All;
    }

    /// <summary>Checks only what every object has.</summary>
    public static IReadOnlyList<FieldError> ValidateMetadataUpdate(IKubeObject value, IKubeObject old)
    {
        var errors = new FieldErrors();
        MetadataValidation.Update(errors, value, old);
        return errors.All;
    }
}
