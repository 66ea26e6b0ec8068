namespace Coxswain.ApiServer.Http.Tunnels;

/// <summary>What a proxy's name in a path means: <c>web</c>, <c>web:8080</c>, <c>https:web:ui</c>.</summary>
internal readonly record struct SchemeNamePort(string Scheme, string Name, string Port)
{
    public static SchemeNamePort? TryParse(string text)
    {
        SchemeNamePort? parsed = text.Split(':') switch
        {
            [var name] => new("", name, ""),
            [var name, var port] => new("", name, port),
            [var scheme, var name, var port] => new(scheme, name, port),
            _ => null,
        };
        return parsed is { Name.Length: > 0, Scheme: "" or "http" or "https" } ? parsed : null;
    }
}
