using Coxswain.Api.Errors;
using Coxswain.ApiServer.Authorization;
using Coxswain.ApiServer.Users;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;

namespace Coxswain.ApiServer.Authentication;

/// <summary>
/// Acts as somebody else where the Impersonate headers ask for it (<c>kubectl --as</c>) and the one who asks may
/// <c>impersonate</c> everything that is named. To ignore the headers would run the request with the rights of the one who asks.
/// </summary>
internal sealed class Impersonation(IAuthorizer authorizer)
{
    private const string UserHeader = "Impersonate-User";
    private const string GroupHeader = "Impersonate-Group";
    private const string UidHeader = "Impersonate-Uid";
    private const string ExtraPrefix = "Impersonate-Extra-";
    private const string ServiceAccountPrefix = "system:serviceaccount:";
    private const string AuthenticationGroup = "authentication.k8s.io";

    /// <returns>The user the request counts as from here on.</returns>
    /// <exception cref="KubeStatusException">The headers make no sense, or the user may not do this.</exception>
    public ValueTask<User> ApplyAsync(IHeaderDictionary headers, User user, CancellationToken cancellationToken)
    {
        if (headers.TryGetValue(UserHeader, out var name) && name.ToString().Length > 0)
        {
            return ImpersonateAsync(headers, user, name.ToString(), cancellationToken);
        }

        return headers.Keys.Any(IsImpersonation)
            ? throw new KubeStatusException(Statuses.BadRequest("groups, a uid and extras can be impersonated only together with a user"))
            : ValueTask.FromResult(user);
    }

    private async ValueTask<User> ImpersonateAsync(IHeaderDictionary headers, User user, string name, CancellationToken cancellationToken)
    {
        var account = ServiceAccountOf(name);
        await RequireAsync(account is var (ns, accountName)
            ? new AccessAttributes(user, "impersonate", "", "serviceaccounts", ns, accountName)
            : new AccessAttributes(user, "impersonate", "", "users", Name: name), cancellationToken);
        List<string> groups = [.. headers[GroupHeader].OfType<string>().Where(group => group.Length > 0)];
        foreach (var group in groups)
        {
            await RequireAsync(new AccessAttributes(user, "impersonate", "", "groups", Name: group), cancellationToken);
        }

        var uid = headers[UidHeader].ToString();
        if (uid.Length > 0)
        {
            await RequireAsync(new AccessAttributes(user, "impersonate", AuthenticationGroup, "uids", Name: uid), cancellationToken);
        }

        var extra = new SortedDictionary<string, IReadOnlyList<string>>(StringComparer.Ordinal);
        foreach (var (header, values) in headers.Where(header => header.Key.StartsWith(ExtraPrefix, StringComparison.OrdinalIgnoreCase)))
        {
            await ReadExtraAsync(user, header, values, extra, cancellationToken);
        }

        if (groups.Count == 0 && account is var (accountNamespace, shortName))
        {
            groups.AddRange(User.ServiceAccount(accountNamespace, shortName).Groups);
        }

        var everybody = name == User.Anonymous.Name ? User.UnauthenticatedGroup : User.AuthenticatedGroup;
        if (!groups.Contains(everybody))
        {
            groups.Add(everybody);
        }

        return new User(name, groups) { Uid = uid, Extra = extra };
    }

    private async ValueTask ReadExtraAsync(
        User user, string header, StringValues values, SortedDictionary<string, IReadOnlyList<string>> extra, CancellationToken cancellationToken)
    {
        var key = Uri.UnescapeDataString(header[ExtraPrefix.Length..].ToLowerInvariant());
        List<string> texts = [.. values.OfType<string>()];
        foreach (var text in texts)
        {
            await RequireAsync(new AccessAttributes(user, "impersonate", AuthenticationGroup, $"userextras/{key}", Name: text), cancellationToken);
        }

        extra[key] = texts;
    }

    private async ValueTask RequireAsync(AccessAttributes attributes, CancellationToken cancellationToken)
    {
        if (!await authorizer.AllowsAsync(attributes, cancellationToken))
        {
            var where = attributes.Namespace.Length > 0 ? $"in the namespace \"{attributes.Namespace}\"" : "at the cluster scope";
            var resource = attributes.Group.Length > 0 ? $"{attributes.Resource}.{attributes.Group}" : attributes.Resource;
            throw new KubeStatusException(Statuses.Forbidden(resource, attributes.Name,
                $"User \"{attributes.User.Name}\" cannot impersonate resource \"{attributes.Resource}\" in API group \"{attributes.Group}\" {where}"));
        }
    }

    private static bool IsImpersonation(string header) =>
        header.Equals(GroupHeader, StringComparison.OrdinalIgnoreCase) || header.Equals(UidHeader, StringComparison.OrdinalIgnoreCase)
        || header.StartsWith(ExtraPrefix, StringComparison.OrdinalIgnoreCase);

    private static (string Namespace, string Name)? ServiceAccountOf(string name)
    {
        if (!name.StartsWith(ServiceAccountPrefix, StringComparison.Ordinal))
        {
            return null;
        }

        var parts = name[ServiceAccountPrefix.Length..].Split(':');
        return parts is [{ Length: > 0 } ns, { Length: > 0 } account] ? (ns, account) : null;
    }
}
