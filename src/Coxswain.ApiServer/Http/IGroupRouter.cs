using Coxswain.ApiServer.Users;
using Microsoft.AspNetCore.Http;

namespace Coxswain.ApiServer.Http;

/// <summary>Sends requests for group-versions that somebody else serves to whoever does, before anything is looked up here.</summary>
internal interface IGroupRouter
{
    /// <param name="user">Who was authenticated; whoever serves the request is told and authorizes.</param>
    /// <returns>Null when the group-version is served here.</returns>
    Task? TryRoute(HttpContext context, string apiGroup, string version, User user);
}
