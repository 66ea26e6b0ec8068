using System.Text;
using System.Text.Json.Nodes;
using Coxswain.Api.Errors;
using Coxswain.Api.Json;
using Coxswain.Api.Rbac.V1;
using Coxswain.ApiServer.Authorization;
using Coxswain.ApiServer.Documents;
using Coxswain.ApiServer.Resources;
using Coxswain.ApiServer.Users;

namespace Coxswain.ApiServer.Admission;

/// <summary>
/// Nobody gives a right they do not have: who writes a role must hold its rules or may <c>escalate</c> it, who binds one must hold
/// them or may <c>bind</c> it. A role that sums up others may in time hold anything, so only who holds everything writes it.
/// </summary>
internal sealed class RoleEscalation(RbacAuthorizer rules, IAuthorizer authorizer) : IAdmissionPlugin
{
    private const string Group = "rbac.authorization.k8s.io";

    public ValueTask ValidateAsync(AdmissionContext context, CancellationToken cancellationToken)
    {
        var request = context.Request;
        if (context.Document is not { } document || request.Subresource.Length > 0 || request.Resource.Resource.Group != Group
            || RbacAuthorizer.IsMaster(request.User) || ChangesOwnershipOnly(document, context.Old))
        {
            return ValueTask.CompletedTask;
        }

        return request.Resource.Resource.Plural switch
        {
            "roles" or "clusterroles" => OfRoleAsync(context, document, cancellationToken),
            "rolebindings" or "clusterrolebindings" => OfBindingAsync(request, document, cancellationToken),
            _ => ValueTask.CompletedTask,
        };
    }

    private async ValueTask OfRoleAsync(AdmissionContext context, JsonObject document, CancellationToken cancellationToken)
    {
        var request = context.Request;
        var plural = request.Resource.Resource.Plural;
        var attributes = new AccessAttributes(request.User, "escalate", Group, plural, request.Namespace, NameOf(request, document));
        if (await authorizer.AllowsAsync(attributes, cancellationToken))
        {
            return;
        }

        var role = KubeJson.Deserialize<ClusterRole>(Encoding.UTF8.GetBytes(document.ToJsonString()));
        if (plural == "clusterroles" && (role.AggregationRule is not null || context.Old?["aggregationRule"] is not null)
            && (await MissingAsync(request.User, "", RbacAuthorizer.Everything, cancellationToken)).Count > 0)
        {
            throw Forbidden(request, document, "must have cluster-admin privileges to use an aggregationRule");
        }

        await RequireAsync(request, document, role.Rules, cancellationToken);
    }

    private async ValueTask OfBindingAsync(ApiRequest request, JsonObject document, CancellationToken cancellationToken)
    {
        var role = document.TextAt("roleRef", "name");
        var isCluster = document.TextAt("roleRef", "kind") == "ClusterRole";
        var plural = isCluster ? "clusterroles" : "roles";
        var attributes = new AccessAttributes(request.User, "bind", Group, plural, request.Namespace, role);
        if (await authorizer.AllowsAsync(attributes, cancellationToken))
        {
            return;
        }

        var granted = await rules.RulesOfRoleAsync(isCluster ? "" : request.Namespace, role, cancellationToken)
            ?? throw new KubeStatusException(Statuses.NotFound($"{plural}.{Group}", role));
        await RequireAsync(request, document, granted, cancellationToken);
    }

    private async ValueTask RequireAsync(
        ApiRequest request, JsonObject document, IReadOnlyList<PolicyRule> granted, CancellationToken cancellationToken)
    {
        var missing = await MissingAsync(request.User, request.Namespace, granted, cancellationToken);
        if (missing.Count > 0)
        {
            var groups = string.Join(' ', request.User.Groups.Select(name => $"\"{name}\""));
            var more = missing.Count < RuleCover.MostPieces ? "" : $"\n(the first {RuleCover.MostPieces} of them)";
            throw Forbidden(request, document, $"user \"{request.User.Name}\" (groups=[{groups}]) is attempting to grant RBAC permissions not "
                + $"currently held:\n{string.Join('\n', missing.Select(Print))}{more}");
        }
    }

    private async ValueTask<IReadOnlyList<PolicyRule>> MissingAsync(
        User user, string @namespace, IReadOnlyList<PolicyRule> wanted, CancellationToken cancellationToken) =>
        RuleCover.Missing(await rules.RulesForAsync(user, @namespace, cancellationToken), wanted);

    /// <summary>What the garbage collector writes grants nothing.</summary>
    private static bool ChangesOwnershipOnly(JsonObject document, JsonObject? old)
    {
        if (old is null)
        {
            return false;
        }

        var (after, before) = ((JsonObject)document.DeepClone(), (JsonObject)old.DeepClone());
        foreach (var field in (ReadOnlySpan<string>)["finalizers", "ownerReferences", "resourceVersion", "managedFields"])
        {
            after.Metadata().Remove(field);
            before.Metadata().Remove(field);
        }

        return JsonEquality.Equal(after, before);
    }

    private static string NameOf(ApiRequest request, JsonObject document) =>
        request.Name.Length > 0 ? request.Name : document.Metadata().Text("name");

    private static string Print(PolicyRule rule)
    {
        List<string> fields = [];
        foreach (var (name, values) in ((string, IReadOnlyList<string>)[])
            [("APIGroups", rule.ApiGroups), ("Resources", rule.Resources), ("ResourceNames", rule.ResourceNames),
                ("NonResourceURLs", rule.NonResourceURLs), ("Verbs", rule.Verbs)])
        {
            if (values.Count > 0)
            {
                fields.Add($"{name}:[{string.Join(' ', values.Select(value => $"\"{value}\""))}]");
            }
        }

        return $"{{{string.Join(", ", fields)}}}";
    }

    private static KubeStatusException Forbidden(ApiRequest request, JsonObject document, string message) =>
        new(Statuses.Forbidden(request.Resource.QualifiedName, NameOf(request, document), message));
}
