using System.Text.RegularExpressions;
using Coxswain.DockerApi.Wire;
using Microsoft.AspNetCore.Http;

namespace Coxswain.DockerApi.Http;

/// <summary>
/// The version of the API that a request is written in: the first part of its path, which may be left out. Old ones are served too,
/// as raising the floor has cut off many tools elsewhere.
/// </summary>
internal static partial class ApiVersion
{
    public const string Newest = "1.52";
    public const string Oldest = "1.24";

    private static readonly object Key = new();
    private static readonly Version Most = Version.Parse(Newest);
    private static readonly Version Least = Version.Parse(Oldest);

    public static Version Of(HttpContext context) => context.Items[Key] as Version ?? Most;

    /// <summary>Takes the version off the path; false, with the answer given, when it is not served.</summary>
    public static async Task<bool> ReadAsync(HttpContext context)
    {
        context.Response.Headers["Api-Version"] = Newest;
        context.Response.Headers["Ostype"] = "linux";
        context.Response.Headers["Docker-Experimental"] = "false";
        context.Response.Headers.Server = "Docker/28.2.2 (linux)";
        var match = Prefix().Match(context.Request.Path.Value ?? "");
        if (!match.Success)
        {
            return true;
        }

        var version = Version.Parse(match.Groups[1].Value);
        if (version < Least || version > Most)
        {
            var message = version < Least
                ? $"client version {version} is too old. Minimum supported API version is {Oldest}, please upgrade your client to a newer version"
                : $"client version {version} is too new. Maximum supported API version is {Newest}";
            await context.JsonAsync(new ErrorMessage(message), WireJson.Default.ErrorMessage, StatusCodes.Status400BadRequest);
            return false;
        }

        context.Items[Key] = version;
        context.Request.Path = match.Groups[2].Value;
        return true;
    }

    [GeneratedRegex(@"^/v(\d{1,3}\.\d{1,3})(/.*)$")]
    private static partial Regex Prefix();
}
