using Coxswain.Api;
using Coxswain.ApiServer.Documents;
using Coxswain.ApiServer.Resources;

namespace Coxswain.ApiServer.Admission;

/// <summary>A node changes itself and the Pods bound to it, and nobody else's.</summary>
internal sealed class NodeRestriction : IAdmissionPlugin
{
    private const string UserPrefix = "system:node:";

    public ValueTask ValidateAsync(AdmissionContext context, CancellationToken cancellationToken)
    {
        var request = context.Request;
        if (!request.User.Name.StartsWith(UserPrefix, StringComparison.Ordinal) || !request.User.Groups.Contains("system:nodes"))
        {
            return ValueTask.CompletedTask;
        }

        var node = request.User.Name[UserPrefix.Length..];
        switch (request.Resource.QualifiedName)
        {
            case "nodes" when request.Name != node:
                throw Forbidden(request, $"node \"{node}\" is not allowed to modify node \"{request.Name}\"");
            case "pods" when (context.Old ?? context.Document)?.TextAt("spec", "nodeName") is { } bound && bound != node:
                throw Forbidden(request, $"node \"{node}\" can only change pods with spec.nodeName set to itself");
        }

        return ValueTask.CompletedTask;
    }

    private static KubeStatusException Forbidden(ApiRequest request, string message) =>
        new(Statuses.Forbidden(request.Resource.QualifiedName, request.Name, message));
}
