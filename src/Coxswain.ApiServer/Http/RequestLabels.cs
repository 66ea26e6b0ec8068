namespace Coxswain.ApiServer.Http;

/// <summary>What metrics tell requests apart by.</summary>
internal readonly record struct RequestLabels(string Verb, string Group, string Version, string Resource, string Subresource, string Scope)
{
    /// <summary>A client may send any word as its method and any path; only what is served is told apart.</summary>
    /// <param name="verb">The API's verb.</param>
    public static RequestLabels Of(string method, string verb, in RequestInfo info, bool isServed, bool isApply)
    {
        if (!isServed)
        {
            return new RequestLabels(
                method is "GET" or "HEAD" or "POST" or "PUT" or "PATCH" or "DELETE" or "OPTIONS" or "CONNECT" ? method : "other", "", "", "", "", "");
        }

        var name = info.Subresource is "exec" or "attach" or "portforward" or "proxy" ? "CONNECT" : verb switch
        {
            "get" => "GET",
            "list" => "LIST",
            "watch" => "WATCH",
            "create" => "POST",
            "update" => "PUT",
            "patch" => isApply ? "APPLY" : "PATCH",
            "delete" => "DELETE",
            "deletecollection" => "DELETECOLLECTION",
            _ => "other",
        };
        return new RequestLabels(
            name, info.Group, info.Version, info.Resource, info.Subresource,
            info.Name.Length > 0 || verb == "create" ? "resource" : info.Namespace.Length > 0 ? "namespace" : "cluster");
    }

    public override string ToString() =>
        $"group=\"{Group}\",resource=\"{Resource}\",scope=\"{Scope}\",subresource=\"{Subresource}\",verb=\"{Verb}\",version=\"{Version}\",component=\"apiserver\"";
}
