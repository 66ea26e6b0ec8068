namespace Coxswain.ApiServer.Http;

/// <summary>What a URL path asks for, read the way Kubernetes reads it, before anything is looked up.</summary>
/// <param name="IsResource">False for discovery, health and everything else that is not below a group-version.</param>
/// <param name="Resource">The plural; empty for the group-version itself.</param>
/// <param name="Rest">What follows the subresource, for proxies.</param>
internal readonly record struct RequestInfo(
    bool IsResource, string Group, string Version, string Namespace, string Resource, string Name, string Subresource, string Rest, bool IsWatchPath)
{
    private static readonly RequestInfo None = new(false, "", "", "", "", "", "", "", false);

    public static RequestInfo Parse(string path)
    {
        var segments = path.Split('/', StringSplitOptions.RemoveEmptyEntries);
        int start;
        string apiGroup;
        if (segments.Length >= 2 && segments[0] == "api")
        {
            apiGroup = "";
            start = 1;
        }
        else if (segments.Length >= 3 && segments[0] == "apis")
        {
            apiGroup = segments[1];
            start = 2;
        }
        else
        {
            return None;
        }

        var version = segments[start];
        var parts = segments.AsSpan(start + 1);
        var isWatchPath = parts.Length > 1 && parts[0] == "watch";
        if (isWatchPath)
        {
            parts = parts[1..];
        }

        var @namespace = "";

        // "namespaces/N/status" and "namespaces/N/finalize" are the Namespace itself, everything else below it lies in it.
        if (parts.Length >= 3 && parts[0] == "namespaces" && parts[2] is not ("status" or "finalize"))
        {
            @namespace = parts[1];
            parts = parts[2..];
        }

        return new RequestInfo(
            true, apiGroup, version, @namespace, At(parts, 0), At(parts, 1), At(parts, 2),
            parts.Length > 3 ? string.Join('/', parts[3..]!) : "", isWatchPath);
    }

    private static string At(Span<string> parts, int index) => index < parts.Length ? parts[index] : "";
}
