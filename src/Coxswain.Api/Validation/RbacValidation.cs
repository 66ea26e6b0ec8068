using Coxswain.Api.Errors;
using Coxswain.Api.Rbac.V1;
using Coxswain.Api.Scalars;

namespace Coxswain.Api.Validation;

/// <summary>The rules for roles and their bindings.</summary>
internal static class RbacValidation
{
    private const string RbacGroup = "rbac.authorization.k8s.io";

    public static void Rules(FieldErrors errors, IReadOnlyList<PolicyRule> rules, bool isNamespaced)
    {
        for (var i = 0; i < rules.Count; i++)
        {
            Rule(errors, rules[i], $"rules[{i}]", isNamespaced);
        }
    }

    public static void Binding(FieldErrors errors, RoleRef role, IReadOnlyList<Subject> subjects, bool isNamespaced)
    {
        if (role.ApiGroup != RbacGroup)
        {
            errors.Add(FieldError.NotSupported("roleRef.apiGroup", role.ApiGroup, [RbacGroup]));
        }

        if (isNamespaced)
        {
            errors.OneOf("roleRef.kind", role.Kind, "ClusterRole", "Role");
        }
        else
        {
            errors.OneOf("roleRef.kind", role.Kind, "ClusterRole");
        }

        if (role.Name.Length == 0)
        {
            errors.Required("roleRef.name");
        }
        else
        {
            errors.Invalid("roleRef.name", role.Name, Names.PathSegmentErrors(role.Name));
        }

        for (var i = 0; i < subjects.Count; i++)
        {
            Subject(errors, subjects[i], $"subjects[{i}]", isNamespaced);
        }
    }

    public static void BindingUpdate(FieldErrors errors, RoleRef now, RoleRef before)
    {
        if (!now.Equals(before))
        {
            errors.Invalid("roleRef", now, "cannot change roleRef");
        }
    }

    private static void Rule(FieldErrors errors, PolicyRule rule, string path, bool isNamespaced)
    {
        if (rule.Verbs.Count == 0)
        {
            errors.Required(path + ".verbs", "verbs must contain at least one value");
        }

        if (rule.NonResourceURLs.Count > 0)
        {
            if (isNamespaced)
            {
                errors.Invalid(path + ".nonResourceURLs", $"[{string.Join(" ", rule.NonResourceURLs)}]", "namespaced rules cannot apply to non-resource URLs");
            }

            if (rule.ApiGroups.Count + rule.Resources.Count + rule.ResourceNames.Count > 0)
            {
                errors.Invalid(path + ".nonResourceURLs", $"[{string.Join(" ", rule.NonResourceURLs)}]", "rules cannot apply to both regular resources and non-resource URLs");
            }

            return;
        }

        if (rule.ApiGroups.Count == 0)
        {
            errors.Required(path + ".apiGroups", "resource rules must supply at least one api group");
        }

        if (rule.Resources.Count == 0)
        {
            errors.Required(path + ".resources", "resource rules must supply at least one resource");
        }
    }

    private static void Subject(FieldErrors errors, Subject subject, string path, bool isNamespaced)
    {
        if (subject.Name.Length == 0)
        {
            errors.Required(path + ".name");
        }

        switch (subject.Kind)
        {
            case "ServiceAccount":
                if (subject.Name.Length > 0)
                {
                    errors.Invalid(path + ".name", subject.Name, Names.SubdomainErrors(subject.Name));
                }

                if (subject.ApiGroup.Length > 0)
                {
                    errors.Add(FieldError.NotSupported(path + ".apiGroup", subject.ApiGroup, [""]));
                }

                if (!isNamespaced && subject.Namespace.Length == 0)
                {
                    errors.Required(path + ".namespace");
                }

                break;
            case "User" or "Group":
                if (subject.ApiGroup != RbacGroup)
                {
                    errors.Add(FieldError.NotSupported(path + ".apiGroup", subject.ApiGroup, [RbacGroup]));
                }

                break;
            default:
                errors.OneOf(path + ".kind", subject.Kind, "ServiceAccount", "User", "Group");
                break;
        }
    }
}
