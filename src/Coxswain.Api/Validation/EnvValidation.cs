using Coxswain.Api.Core.V1;
using Coxswain.Api.Errors;
using Coxswain.Api.Scalars;

namespace Coxswain.Api.Validation;

/// <summary>The rules for a container's environment.</summary>
internal static class EnvValidation
{
    private static readonly string[] Fields =
    [
        "metadata.name", "metadata.namespace", "metadata.uid", "spec.nodeName", "spec.serviceAccountName", "status.hostIP", "status.hostIPs",
        "status.podIP", "status.podIPs",
    ];

    private static readonly string[] Resources =
        ["limits.cpu", "limits.ephemeral-storage", "limits.memory", "requests.cpu", "requests.ephemeral-storage", "requests.memory"];

    public static void Check(FieldErrors errors, Container container, string path)
    {
        for (var i = 0; i < container.Env.Count; i++)
        {
            Variable(errors, container.Env[i], $"{path}.env[{i}]");
        }

        for (var i = 0; i < container.EnvFrom.Count; i++)
        {
            From(errors, container.EnvFrom[i], $"{path}.envFrom[{i}]");
        }
    }

    private static void Variable(FieldErrors errors, EnvVar variable, string path)
    {
        if (variable.Name.Length == 0)
        {
            errors.Required(path + ".name");
        }
        else
        {
            errors.Invalid(path + ".name", variable.Name, Names.EnvVarNameErrors(variable.Name));
        }

        if (variable.ValueFrom is { } source)
        {
            Source(errors, variable, source, path + ".valueFrom");
        }
    }

    private static void Source(FieldErrors errors, EnvVar variable, EnvVarSource source, string path)
    {
        var sources = Count(source.FieldRef, source.ResourceFieldRef, source.ConfigMapKeyRef, source.SecretKeyRef, source.FileKeyRef);
        if (sources == 0)
        {
            errors.Invalid(path, "", "must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef`, `secretKeyRef` or `fileKeyRef`");
        }
        else if (variable.Value.Length > 0)
        {
            errors.Invalid(path, "", "may not be specified when `value` is not empty");
        }
        else if (sources > 1)
        {
            errors.Invalid(path, "", "may not have more than one field specified at a time");
        }

        if (source.FieldRef is { } field)
        {
            FieldRef(errors, field, path + ".fieldRef");
        }

        if (source.ResourceFieldRef is { } resource)
        {
            ResourceRef(errors, resource.Resource, path + ".resourceFieldRef");
        }

        if (source.ConfigMapKeyRef is { } config)
        {
            Key(errors, config.Name, config.Key, path + ".configMapKeyRef");
        }

        if (source.SecretKeyRef is { } secret)
        {
            Key(errors, secret.Name, secret.Key, path + ".secretKeyRef");
        }
    }

    private static void FieldRef(FieldErrors errors, ObjectFieldSelector field, string path)
    {
        if (field.FieldPath.Length == 0)
        {
            errors.Required(path + ".fieldPath");
        }
        else if (!field.FieldPath.StartsWith("metadata.labels['", StringComparison.Ordinal)
            && !field.FieldPath.StartsWith("metadata.annotations['", StringComparison.Ordinal))
        {
            errors.OneOf(path + ".fieldPath", field.FieldPath, Fields);
        }
    }

    private static void ResourceRef(FieldErrors errors, string resource, string path)
    {
        if (resource.Length == 0)
        {
            errors.Required(path + ".resource");
        }
        else if (!resource.Contains(".hugepages-", StringComparison.Ordinal))
        {
            errors.OneOf(path + ".resource", resource, Resources);
        }
    }

    private static void Key(FieldErrors errors, string name, string key, string path)
    {
        if (name.Length == 0)
        {
            errors.Required(path + ".name");
        }

        if (key.Length == 0)
        {
            errors.Required(path + ".key");
        }
        else
        {
            errors.Invalid(path + ".key", key, Names.ConfigMapKeyErrors(key));
        }
    }

    private static void From(FieldErrors errors, EnvFromSource source, string path)
    {
        if (source.Prefix.Length > 0)
        {
            errors.Invalid(path + ".prefix", source.Prefix, Names.EnvVarNameErrors(source.Prefix));
        }

        switch (Count(source.ConfigMapRef, source.SecretRef))
        {
            case 0:
                errors.Invalid(path, "", "must specify one of: `configMapRef` or `secretRef`");
                break;
            case > 1:
                errors.Invalid(path, "", "may not have more than one field specified at a time");
                break;
        }

        if (source.ConfigMapRef is { Name.Length: 0 })
        {
            errors.Required(path + ".configMapRef.name");
        }

        if (source.SecretRef is { Name.Length: 0 })
        {
            errors.Required(path + ".secretRef.name");
        }
    }

    internal static int Count(params ReadOnlySpan<object?> values)
    {
        var count = 0;
        foreach (var value in values)
        {
            count += value is null ? 0 : 1;
        }

        return count;
    }
}
