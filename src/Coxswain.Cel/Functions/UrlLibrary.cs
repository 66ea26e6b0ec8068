using Coxswain.Cel.Types;
using Coxswain.Cel.Values;

namespace Coxswain.Cel.Functions;

/// <summary>Kubernetes' functions of URLs.</summary>
internal static class UrlLibrary
{
    public static void AddTo(FunctionTable table)
    {
        table.Type(CelUrl.UrlType);
        var text = CelType.String;
        table.Function("url", [text], CelUrl.UrlType,
            static arguments => CelUrl.Parse((string)arguments[0]) ?? (object)new CelError($"URL parse error during conversion from string: {arguments[0]}"), Costs.FirstText);
        table.Function("isURL", [text], CelType.Bool, static arguments => CelUrl.Parse((string)arguments[0]) is not null, Costs.FirstText);
        Part(table, "getScheme", static url => url.Scheme);
        Part(table, "getHost", static url => url.Host);
        Part(table, "getHostname", static url => url.HostName);
        Part(table, "getPort", static url => url.Port);
        Part(table, "getEscapedPath", static url => url.Path);
        table.Method("getQuery", [CelUrl.UrlType], CelType.Map(text, CelType.List(text)), static arguments => Query(((CelUrl)arguments[0]).Query));
    }

    private static void Part(FunctionTable table, string name, Func<CelUrl, string> part) =>
        table.Method(name, [CelUrl.UrlType], CelType.String, arguments => part((CelUrl)arguments[0]));

    private static CelMap Query(string query) => CelMap.Of(query.Split('&', StringSplitOptions.RemoveEmptyEntries)
        .Select(pair => pair.Split('=', 2)).GroupBy(pair => Plain(pair[0]), pair => Plain(pair.Length > 1 ? pair[1] : ""))
        .Select(group => KeyValuePair.Create((object)group.Key, (object)CelList.Of([.. group.Select(value => (object)value)]))))!; // grouped, so no key is there twice

    private static string Plain(string text) => Uri.UnescapeDataString(text.Replace('+', ' '));
}
