using Coxswain.Api.Errors;
using Coxswain.Api.Json;

namespace Coxswain.Api.Patch;

/// <summary>Makes the Status of a patch that cannot be applied.</summary>
internal static class PatchError
{
    /// <summary>The patch itself is malformed.</summary>
    public static KubeStatusException Malformed(string message) => new(Statuses.BadRequest(message));

    /// <summary>The patch is well formed but does not fit the object.</summary>
    public static KubeStatusException DoesNotApply(string message) =>
        new(Statuses.Invalid(new ObjectKind("", ""), "", []) with { Message = message, Details = null });

    /// <summary>The result would be more than can be read again.</summary>
    public static KubeStatusException TooDeep() =>
        DoesNotApply($"the result would be more than {KubeJson.MaxDepth} levels deep");
}
