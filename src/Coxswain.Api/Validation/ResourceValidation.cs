using Coxswain.Api.Core.V1;
using Coxswain.Api.Errors;
using Coxswain.Api.Scalars;

namespace Coxswain.Api.Validation;

/// <summary>The rules for what a container asks for and is limited to.</summary>
internal static class ResourceValidation
{
    public static void Check(FieldErrors errors, ResourceRequirements resources, string path)
    {
        foreach (var (name, limit) in resources.Limits)
        {
            Amount(errors, name, limit, path + ".limits");
        }

        foreach (var (name, request) in resources.Requests)
        {
            Amount(errors, name, request, path + ".requests");
            if (resources.Limits.TryGetValue(name, out var limit))
            {
                if (IsExtended(name) && request != limit)
                {
                    errors.Invalid(path + ".requests", request, $"must be equal to {name} limit of {limit}");
                }
                else if (request > limit)
                {
                    errors.Invalid(path + ".requests", request, $"must be less than or equal to {name} limit of {limit}");
                }
            }
            else if (IsExtended(name))
            {
                errors.Required(path + ".limits", "Limit must be set for non overcommitable resources");
            }
        }
    }

    /// <summary>An amount of a resource under its name, as quotas have them too.</summary>
    public static void NonNegative(FieldErrors errors, Quantity amount, string path)
    {
        if (amount.Value < 0)
        {
            errors.Invalid(path, amount, "must be greater than or equal to 0");
        }
    }

    private static void Amount(FieldErrors errors, string name, Quantity amount, string path)
    {
        var at = $"{path}[{name}]";
        if (!name.Contains('/', StringComparison.Ordinal))
        {
            if (name is not ("cpu" or "memory" or "ephemeral-storage") && !name.StartsWith("hugepages-", StringComparison.Ordinal))
            {
                errors.Invalid(at, name, Names.QualifiedNameErrors(name) is [var error, ..] ? error : "must be a standard resource for containers");
            }
        }
        else
        {
            errors.Invalid(at, name, Names.QualifiedNameErrors(name));
        }

        NonNegative(errors, amount, at);
        if (IsExtended(name) && amount.Value != decimal.Truncate(amount.Value))
        {
            errors.Invalid(at, amount, "must be an integer");
        }
    }

    /// <summary>A device or the like: counted whole, and never promised twice.</summary>
    private static bool IsExtended(string name) =>
        name.StartsWith("hugepages-", StringComparison.Ordinal)
        || (name.IndexOf('/') is > 0 and var slash && !name.AsSpan(0, slash).EndsWith("kubernetes.io", StringComparison.Ordinal));
}
