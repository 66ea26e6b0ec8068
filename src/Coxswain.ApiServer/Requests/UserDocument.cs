using Coxswain.Api.Authentication.V1;
using Coxswain.ApiServer.Users;

namespace Coxswain.ApiServer.Requests;

/// <summary>A user in the API's own form.</summary>
internal static class UserDocument
{
    public static UserInfo Of(User user) => new() { Username = user.Name, Uid = user.Uid, Groups = user.Groups, Extra = user.Extra };
}
