using System.Text;
using Coxswain.Api.Errors;
using Coxswain.Api.Meta.V1;
using Coxswain.Api.Resources;
using Coxswain.Api.Scalars;

namespace Coxswain.Api.Validation;

/// <summary>The rules for every object's metadata.</summary>
internal static class MetadataValidation
{
    /// <summary>All keys and values of the annotations together.</summary>
    private const int MaxAnnotationBytes = 256 * 1024;

    private static readonly string[] PathSegmentGroups = ["rbac.authorization.k8s.io"];

    public static void Create(FieldErrors errors, IKubeObject value)
    {
        var metadata = value.Metadata;
        if (metadata.Name.Length == 0 && metadata.GenerateName.Length == 0)
        {
            errors.Required("metadata.name", "name or generateName is required");
        }
        else
        {
            CheckName(errors, value, metadata);
        }

        CheckNamespace(errors, value, metadata);
        CheckCommon(errors, metadata);
    }

    public static void Update(FieldErrors errors, IKubeObject value, IKubeObject old)
    {
        var (now, before) = (value.Metadata, old.Metadata);
        CheckCommon(errors, now);
        errors.Immutable("metadata.name", now.Name, now.Name == before.Name);
        errors.Immutable("metadata.namespace", now.Namespace, now.Namespace == before.Namespace);
        errors.Immutable("metadata.uid", now.Uid, now.Uid == before.Uid);
        if (now.Generation < before.Generation)
        {
            errors.Invalid("metadata.generation", now.Generation, "must not be decremented");
        }

        errors.Immutable("metadata.creationTimestamp", Time(now.CreationTimestamp), now.CreationTimestamp == before.CreationTimestamp);
        errors.Immutable("metadata.deletionTimestamp", Time(now.DeletionTimestamp), now.DeletionTimestamp == before.DeletionTimestamp);
        errors.Immutable("metadata.deletionGracePeriodSeconds", now.DeletionGracePeriodSeconds ?? 0,
            now.DeletionGracePeriodSeconds == before.DeletionGracePeriodSeconds);
        if (before.DeletionTimestamp is not null)
        {
            var added = now.Finalizers.Except(before.Finalizers, StringComparer.Ordinal).ToList();
            if (added.Count > 0)
            {
                errors.Forbidden("metadata.finalizers",
                    $"no new finalizers can be added if the object is being deleted, found new finalizers []string{{{string.Join(", ", added.Select(FieldError.Quote))}}}");
            }
        }
    }

    public static void Labels(FieldErrors errors, string field, IReadOnlyDictionary<string, string> labels)
    {
        foreach (var (key, value) in labels)
        {
            errors.Invalid(field, key, Names.QualifiedNameErrors(key));
            errors.Invalid(field, value, Names.LabelValueErrors(value));
        }
    }

    public static void Annotations(FieldErrors errors, string field, IReadOnlyDictionary<string, string> annotations)
    {
        long size = 0;
        foreach (var (key, value) in annotations)
        {
            // Keys compare without case, as they once did.
            errors.Invalid(field, key, Names.QualifiedNameErrors(key.ToLowerInvariant()));
            size += Encoding.UTF8.GetByteCount(key) + Encoding.UTF8.GetByteCount(value);
        }

        if (size > MaxAnnotationBytes)
        {
            errors.Add(FieldError.TooLong(field, MaxAnnotationBytes));
        }
    }

    private static void CheckCommon(FieldErrors errors, ObjectMeta metadata)
    {
        errors.NonNegative("metadata.generation", metadata.Generation);
        Labels(errors, "metadata.labels", metadata.Labels);
        Annotations(errors, "metadata.annotations", metadata.Annotations);
        CheckOwners(errors, metadata.OwnerReferences);
        CheckFinalizers(errors, metadata.Finalizers);
    }

    private static void CheckName(FieldErrors errors, IKubeObject value, ObjectMeta metadata)
    {
        if (metadata.Name.Length > 0)
        {
            errors.Invalid("metadata.name", metadata.Name, NameErrors(value, metadata.Name));
        }

        if (metadata.GenerateName.Length > 0)
        {
            // A prefix may end in '-', which the generated part makes valid.
            var prefix = metadata.GenerateName.TrimEnd('-');
            errors.Invalid("metadata.generateName", metadata.GenerateName, NameErrors(value, prefix.Length == 0 ? metadata.GenerateName : prefix + "a"));
        }
    }

    /// <summary>The form of a kind's names.</summary>
    private static IReadOnlyList<string> NameErrors(IKubeObject value, string name) => value.Kind switch
    {
        { Kind: "Namespace", ApiVersion: "v1" } => Names.LabelErrors(name),
        { Kind: "Service", ApiVersion: "v1" } => Names.Label1035Errors(name),
        { Group: var group } when PathSegmentGroups.Contains(group) => Names.PathSegmentErrors(name),
        _ => Names.SubdomainErrors(name),
    };

    private static void CheckNamespace(FieldErrors errors, IKubeObject value, ObjectMeta metadata)
    {
        if (ApiResources.Find(value.Kind) is not { } resource)
        {
            return;
        }

        if (resource.Namespaced)
        {
            if (metadata.Namespace.Length == 0)
            {
                errors.Required("metadata.namespace");
            }
            else
            {
                errors.Invalid("metadata.namespace", metadata.Namespace, Names.LabelErrors(metadata.Namespace));
            }
        }
        else if (metadata.Namespace.Length > 0)
        {
            errors.Forbidden("metadata.namespace", "not allowed on this type");
        }
    }

    private static void CheckOwners(FieldErrors errors, IReadOnlyList<OwnerReference> owners)
    {
        string? controller = null;
        for (var i = 0; i < owners.Count; i++)
        {
            var owner = owners[i];
            const string field = "metadata.ownerReferences";
            if (owner.ApiVersion.Length == 0 || owner.ApiVersion.Count(c => c == '/') > 1)
            {
                errors.Invalid(field + ".apiVersion", owner.ApiVersion, "version must not be empty");
            }

            if (owner.Kind.Length == 0)
            {
                errors.Invalid(field + ".kind", owner.Kind, "must not be empty");
            }

            if (owner.Name.Length == 0)
            {
                errors.Invalid(field + ".name", owner.Name, "must not be empty");
            }

            if (owner.Uid.Length == 0)
            {
                errors.Invalid(field + ".uid", owner.Uid, "must not be empty");
            }

            if (owner.Controller != true)
            {
                continue;
            }

            if (controller is not null)
            {
                errors.Invalid(field, $"[{string.Join(", ", owners.Select(reference => reference.Name))}]",
                    $"Only one reference can have Controller set to true. Found \"true\" in references for {controller} and {owner.Name}");
            }

            controller ??= owner.Name;
        }
    }

    private static void CheckFinalizers(FieldErrors errors, IReadOnlyList<string> finalizers)
    {
        foreach (var finalizer in finalizers)
        {
            errors.Invalid("metadata.finalizers", finalizer, Names.QualifiedNameErrors(finalizer));
        }

        if (finalizers.Contains("orphan") && finalizers.Contains("foregroundDeletion"))
        {
            errors.Invalid("metadata.finalizers", string.Join(", ", finalizers), "finalizer orphan and foregroundDeletion cannot be both set");
        }
    }

    private static string? Time(DateTimeOffset? time) => time is { } value ? KubeTime.Format(value) : null;
}
