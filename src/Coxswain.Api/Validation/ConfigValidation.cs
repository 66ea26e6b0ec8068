using System.Text;
using Coxswain.Api.Core.V1;
using Coxswain.Api.Errors;
using Coxswain.Api.Scalars;

namespace Coxswain.Api.Validation;

/// <summary>The rules for ConfigMaps and Secrets.</summary>
internal static class ConfigValidation
{
    private const int MaxBytes = 1024 * 1024;
    private const string Frozen = "field is immutable when `immutable` is set";

    public static void Check(FieldErrors errors, ConfigMap value)
    {
        long size = 0;
        foreach (var (key, data) in value.Data)
        {
            errors.Invalid($"data[{key}]", key, Names.ConfigMapKeyErrors(key));
            if (value.BinaryData.ContainsKey(key))
            {
                errors.Invalid($"data[{key}]", key, "duplicate of key present in binaryData");
            }

            size += Encoding.UTF8.GetByteCount(data);
        }

        foreach (var (key, data) in value.BinaryData)
        {
            errors.Invalid($"binaryData[{key}]", key, Names.ConfigMapKeyErrors(key));
            size += data.Length;
        }

        if (size > MaxBytes)
        {
            errors.Add(FieldError.TooLong("", MaxBytes));
        }
    }

    public static void Check(FieldErrors errors, Secret value)
    {
        long size = 0;
        foreach (var (key, data) in value.Data)
        {
            errors.Invalid($"data[{key}]", key, Names.ConfigMapKeyErrors(key));
            size += data.Length;
        }

        if (size > MaxBytes)
        {
            errors.Add(FieldError.TooLong("data", MaxBytes));
        }

        switch (value.Type)
        {
            case "kubernetes.io/service-account-token":
                if (!value.Metadata.Annotations.ContainsKey("kubernetes.io/service-account.name"))
                {
                    errors.Required("metadata.annotations[kubernetes.io/service-account.name]");
                }

                break;
            case "kubernetes.io/dockerconfigjson":
                RequireKey(".dockerconfigjson");
                break;
            case "kubernetes.io/dockercfg":
                RequireKey(".dockercfg");
                break;
            case "kubernetes.io/basic-auth":
                if (!value.Data.ContainsKey("username") && !value.Data.ContainsKey("password"))
                {
                    errors.Required("data[username]");
                    errors.Required("data[password]");
                }

                break;
            case "kubernetes.io/ssh-auth":
                RequireKey("ssh-privatekey");
                break;
            case "kubernetes.io/tls":
                RequireKey("tls.crt");
                RequireKey("tls.key");
                break;
        }

        void RequireKey(string key)
        {
            if (!value.Data.ContainsKey(key))
            {
                errors.Required($"data[{key}]");
            }
        }
    }

    public static void CheckUpdate(FieldErrors errors, ConfigMap value, ConfigMap old)
    {
        if (old.Immutable != true)
        {
            return;
        }

        var same = value with { Metadata = old.Metadata, Immutable = true };
        if (value.Immutable != true)
        {
            errors.Forbidden("immutable", Frozen);
        }

        if (!(same with { BinaryData = old.BinaryData }).Equals(old))
        {
            errors.Forbidden("data", Frozen);
        }

        if (!(same with { Data = old.Data }).Equals(old))
        {
            errors.Forbidden("binaryData", Frozen);
        }
    }

    public static void CheckUpdate(FieldErrors errors, Secret value, Secret old)
    {
        errors.Immutable("type", value.Type, value.Type == old.Type);
        if (old.Immutable != true)
        {
            return;
        }

        if (value.Immutable != true)
        {
            errors.Forbidden("immutable", Frozen);
        }

        if (!(value with { Metadata = old.Metadata, Immutable = true, Type = old.Type, StringData = old.StringData }).Equals(old))
        {
            errors.Forbidden("data", Frozen);
        }
    }
}
