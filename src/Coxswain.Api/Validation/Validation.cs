using Coxswain.Api.Apps.V1;
using Coxswain.Api.Batch.V1;
using Coxswain.Api.Coordination.V1;
using Coxswain.Api.Core.V1;
using Coxswain.Api.Discovery.V1;
using Coxswain.Api.Networking.V1;
using Coxswain.Api.Policy.V1;
using Coxswain.Api.Rbac.V1;
using Coxswain.Api.Scheduling.V1;
using Coxswain.Api.Storage.V1;

namespace Coxswain.Api;

/// <summary>
/// The rules an object must keep beyond its shape, checked on typed, defaulted objects. Every kind's metadata is
/// checked; the built-in kinds that Kubernetes checks further are too.
/// </summary>
public static class Validation
{
    public static IReadOnlyList<FieldError> ValidateCreate(IKubeObject value)
    {
        var errors = new FieldErrors();
        MetadataValidation.Create(errors, value);
        Check(errors, value);
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
        Check(errors, value);
        CheckUpdate(errors, value, old);
        return errors.All;
    }

    /// <summary>Checks only what every object has.</summary>
    public static IReadOnlyList<FieldError> ValidateMetadataUpdate(IKubeObject value, IKubeObject old)
    {
        var errors = new FieldErrors();
        MetadataValidation.Update(errors, value, old);
        return errors.All;
    }

    private static void Check(FieldErrors errors, IKubeObject value)
    {
        switch (value)
        {
            case Pod pod:
                PodValidation.Create(errors, pod);
                break;
            case PodTemplate template:
                PodValidation.Template(errors, template.Template, "template");
                break;
            case Deployment deployment:
                WorkloadValidation.Check(errors, deployment);
                break;
            case ReplicaSet replicaSet:
                WorkloadValidation.Check(errors, replicaSet);
                break;
            case StatefulSet statefulSet:
                WorkloadValidation.Check(errors, statefulSet);
                break;
            case DaemonSet daemonSet:
                WorkloadValidation.Check(errors, daemonSet);
                break;
            case ReplicationController controller:
                WorkloadValidation.Check(errors, controller);
                break;
            case Job job:
                JobValidation.Check(errors, job);
                break;
            case CronJob cronJob:
                JobValidation.Check(errors, cronJob);
                break;
            case Service service:
                ServiceValidation.Check(errors, service);
                break;
            case ConfigMap configMap:
                ConfigValidation.Check(errors, configMap);
                break;
            case Secret secret:
                ConfigValidation.Check(errors, secret);
                break;
            case Namespace @namespace:
                ClusterValidation.Check(errors, @namespace);
                break;
            case Core.V1.Node node:
                ClusterValidation.Check(errors, node);
                break;
            case Lease lease:
                ClusterValidation.Check(errors, lease);
                break;
            case ResourceQuota quota:
                ClusterValidation.Check(errors, quota);
                break;
            case PriorityClass priority:
                ClusterValidation.Check(errors, priority);
                break;
            case Autoscaling.V2.HorizontalPodAutoscaler autoscaler:
                ClusterValidation.Check(errors, autoscaler);
                break;
            case PodDisruptionBudget budget:
                ClusterValidation.Check(errors, budget);
                break;
            case PersistentVolumeClaim claim:
                StorageValidation.Check(errors, claim);
                break;
            case PersistentVolume volume:
                StorageValidation.Check(errors, volume);
                break;
            case StorageClass storageClass:
                StorageValidation.Check(errors, storageClass);
                break;
            case Ingress ingress:
                NetworkValidation.Check(errors, ingress);
                break;
            case NetworkPolicy policy:
                NetworkValidation.Check(errors, policy);
                break;
            case Endpoints endpoints:
                NetworkValidation.Check(errors, endpoints);
                break;
            case EndpointSlice slice:
                NetworkValidation.Check(errors, slice);
                break;
            case Role role:
                RbacValidation.Rules(errors, role.Rules, isNamespaced: true);
                break;
            case ClusterRole role:
                RbacValidation.Rules(errors, role.Rules, isNamespaced: false);
                break;
            case RoleBinding binding:
                RbacValidation.Binding(errors, binding.RoleRef, binding.Subjects, isNamespaced: true);
                break;
            case ClusterRoleBinding binding:
                RbacValidation.Binding(errors, binding.RoleRef, binding.Subjects, isNamespaced: false);
                break;
        }
    }

    private static void CheckUpdate(FieldErrors errors, IKubeObject value, IKubeObject old)
    {
        switch (value, old)
        {
            case (Pod now, Pod before):
                PodUpdateValidation.Check(errors, now, before);
                break;
            case (Deployment now, Deployment before):
                errors.Immutable("spec.selector", now.Spec.Selector, Equals(now.Spec.Selector, before.Spec.Selector));
                break;
            case (ReplicaSet now, ReplicaSet before):
                errors.Immutable("spec.selector", now.Spec.Selector, Equals(now.Spec.Selector, before.Spec.Selector));
                break;
            case (DaemonSet now, DaemonSet before):
                errors.Immutable("spec.selector", now.Spec.Selector, Equals(now.Spec.Selector, before.Spec.Selector));
                break;
            case (StatefulSet now, StatefulSet before):
                WorkloadValidation.CheckUpdate(errors, now, before);
                break;
            case (Job now, Job before):
                JobValidation.CheckUpdate(errors, now, before);
                break;
            case (Service now, Service before):
                ServiceValidation.CheckUpdate(errors, now, before);
                break;
            case (ConfigMap now, ConfigMap before):
                ConfigValidation.CheckUpdate(errors, now, before);
                break;
            case (Secret now, Secret before):
                ConfigValidation.CheckUpdate(errors, now, before);
                break;
            case (Core.V1.Node now, Core.V1.Node before):
                ClusterValidation.CheckUpdate(errors, now, before);
                break;
            case (PersistentVolumeClaim now, PersistentVolumeClaim before):
                StorageValidation.CheckUpdate(errors, now, before);
                break;
            case (StorageClass now, StorageClass before):
                StorageValidation.CheckUpdate(errors, now, before);
                break;
            case (PriorityClass now, PriorityClass before):
                errors.Immutable("value", now.Value, now.Value == before.Value);
                break;
            case (EndpointSlice now, EndpointSlice before):
                NetworkValidation.CheckUpdate(errors, now, before);
                break;
            case (RoleBinding now, RoleBinding before):
                RbacValidation.BindingUpdate(errors, now.RoleRef, before.RoleRef);
                break;
            case (ClusterRoleBinding now, ClusterRoleBinding before):
                RbacValidation.BindingUpdate(errors, now.RoleRef, before.RoleRef);
                break;
        }
    }
}
