namespace Coxswain.ApiServer.Authorization;

/// <summary>How the server is may be asked by everybody.</summary>
internal static class PublicPaths
{
    /// <summary>Whether anybody may ask, without saying who they are.</summary>
    public static bool Contains(string path) =>
        path is "/version" or "/version/" || path.StartsWith("/healthz", StringComparison.Ordinal)
        || path.StartsWith("/livez", StringComparison.Ordinal) || path.StartsWith("/readyz", StringComparison.Ordinal);
}
