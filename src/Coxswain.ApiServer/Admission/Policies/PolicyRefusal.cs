using Coxswain.Api.Errors;
using Coxswain.Api.Meta.V1;

namespace Coxswain.ApiServer.Admission.Policies;

/// <summary>A write that a policy does not let be, in Kubernetes' words.</summary>
internal static class PolicyRefusal
{
    /// <param name="sort">Validating or Mutating.</param>
    /// <param name="reason">Empty for Invalid.</param>
    public static KubeStatusException Of(
        AdmissionContext context, string sort, PolicyDefinition policy, PolicyBinding binding, string message, string reason = "")
    {
        var text = $"{sort}AdmissionPolicy '{policy.Name}' with binding '{binding.Name}' denied request: {message}";
        var status = Statuses.Forbidden(context.Request.Resource.QualifiedName, context.Request.Name, text);
        reason = reason.Length == 0 ? StatusReason.Invalid : reason;
        return new KubeStatusException(status with
        {
            Reason = reason,
            Code = reason switch
            {
                StatusReason.Unauthorized => 401,
                StatusReason.Forbidden => 403,
                StatusReason.RequestEntityTooLarge => 413,
                _ => 422,
            },
            Details = (status.Details ?? new StatusDetails()) with { Causes = [new StatusCause { Message = text }] },
        });
    }
}
