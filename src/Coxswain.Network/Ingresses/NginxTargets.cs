using System.Globalization;
using System.Text.RegularExpressions;

namespace Coxswain.Network.Ingresses;

/// <summary>Writes what the paths refer to: upstreams, who gets which of them, and who may ask how often.</summary>
internal sealed class NginxTargets(NginxText text)
{
    /// <summary>With more endpoints a client whose endpoint is gone waits for the next change instead of being sent to the others.</summary>
    private const int MostWithBackups = 32;

    private readonly HashSet<string> _defined = new(StringComparer.Ordinal);
    private readonly Dictionary<IngressPath, string> _targets = new(ReferenceEqualityComparer.Instance);

    /// <summary>What to pass a path's requests to: the name of an upstream, or a variable that holds one.</summary>
    public string TargetOf(IngressPath path) => _targets[path];

    public static string CookieOf(IngressPath path) => $"$cookie_of_{Word(path)}";

    public static string RateZone(IngressPath path, string per) => $"rate_{per}_{path.Id}";

    public static string ConnectionZone(IngressPath path) => $"connections_{path.Id}";

    public static string OriginOf(IngressPath path) => $"$origin_{path.Id}";

    public void Define(IngressPath path)
    {
        DefineLimits(path);
        DefineOrigins(path);
        var target = DefineUpstream(path.Upstream, path.Options.HashBy);
        if (path.Options.Affinity is { } affinity && path.Upstream.Endpoints.Count > 0)
        {
            target = DefineAffinity(path, affinity, target);
        }

        for (var i = path.Canaries.Count - 1; i >= 0; i--)
        {
            var branch = path.Canaries[i];
            target = DefineCanary($"{Word(path)}_{i}", branch.Canary, DefineUpstream(branch.Upstream, null), target);
        }

        _targets[path] = target;
    }

    private static string Word(IngressPath path) => IngressPlanner.Id($"{path.Owner} {path.Kind} {path.Path} {path.Upstream.Name}");

    /// <returns>Its name.</returns>
    private string DefineUpstream(IngressUpstream upstream, string? hashBy)
    {
        if (upstream.ExternalHost is { } host)
        {
            return host;
        }

        var name = $"to-{upstream.Name}{(hashBy is null ? "" : $"-by-{IngressPlanner.Id(hashBy)}")}";
        if (_defined.Add(name))
        {
            text.Open($"upstream {name}");
            if (hashBy is not null)
            {
                text.Line($"hash {hashBy} consistent;");
            }

            if (upstream.Endpoints.Count == 0)
            {
                text.Line($"server 127.0.0.1:{NginxSettings.NobodyPort};");
            }

            foreach (var endpoint in upstream.Endpoints)
            {
                text.Line($"server {endpoint} max_fails=0;");
            }

            text.Line("keepalive 64;");
            text.Close();
        }

        return name;
    }

    /// <summary>A cookie names the endpoint that a client stays with; who has none, or one of an endpoint that is gone, gets one.</summary>
    private string DefineAffinity(IngressPath path, IngressAffinity affinity, string everybody)
    {
        var word = Word(path);
        var endpoints = path.Upstream.Endpoints;
        if (!_defined.Add($"affinity {word}"))
        {
            return $"$stay_{word}";
        }

        foreach (var endpoint in endpoints)
        {
            text.Open($"upstream stay-{word}-{IngressPlanner.Id(endpoint)}");
            text.Line($"server {endpoint} max_fails=0;");
            foreach (var other in endpoints.Count <= MostWithBackups ? endpoints.Where(other => other != endpoint) : [])
            {
                text.Line($"server {other} backup;");
            }

            text.Line("keepalive 16;");
            text.Close();
        }

        text.Open($"map $cookie_{affinity.CookieName} $stay_{word}");
        text.Line($"default {everybody};");
        foreach (var endpoint in endpoints)
        {
            text.Line($"{IngressPlanner.Id(endpoint)} stay-{word}-{IngressPlanner.Id(endpoint)};");
        }

        text.Close();
        text.Open($"map $upstream_addr $answerer_{word}");
        text.Line("default \"\";");
        foreach (var endpoint in endpoints)
        {
            text.Line($"{NginxText.Quote($"~(?:^|[ ,]){Regex.Escape(endpoint)}$")} {IngressPlanner.Id(endpoint)};");
        }

        text.Close();
        var attributes = string.Concat(
            $"; Path={affinity.CookiePath ?? (path.Options.UseRegex || path.Options.RewriteTarget is not null ? "/" : path.Path)}",
            affinity.MaxAge is { } age ? $"; Max-Age={age}" : "",
            affinity.Secure ? "; Secure" : "",
            "; HttpOnly",
            affinity.SameSite is { } sameSite ? $"; SameSite={sameSite}" : "");
        text.Open($"map \"$cookie_{affinity.CookieName} $answerer_{word}\" {CookieOf(path)}");
        text.Line($"default {NginxText.Quote($"{affinity.CookieName}=$answerer_{word}{attributes}")};");
        text.Line(@"""~^(.+) \1$"" """";");
        text.Line(@"""~ $"" """";");
        text.Close();
        return $"$stay_{word}";
    }

    /// <summary>Header before cookie before weight, as ingress-nginx has it.</summary>
    private string DefineCanary(string word, IngressCanary canary, string there, string otherwise)
    {
        var next = otherwise;
        if (canary.Weight >= canary.WeightTotal)
        {
            next = there;
        }
        else if (canary.Weight > 0)
        {
            var percent = (canary.Weight * 100.0 / canary.WeightTotal).ToString("0.##", CultureInfo.InvariantCulture);
            text.Open($"split_clients $request_id $part_{word}");
            text.Line($"{percent}% 1;");
            text.Line("* 0;");
            text.Close();
            next = DefineChoice($"$by_weight_{word}", $"$part_{word}", next, $"1 {there};");
        }

        if (canary.Cookie is { } cookie)
        {
            next = DefineChoice($"$by_cookie_{word}", $"$cookie_{cookie}", next, $"always {there};", $"never {otherwise};");
        }

        if (canary.Header is { } header)
        {
            var value = $"$http_{header.ToLowerInvariant().Replace('-', '_')}";
            next = canary switch
            {
                { HeaderValue: { } exactly } => DefineChoice($"$by_header_{word}", value, next, $"{NginxText.Quote($"~^{Regex.Escape(exactly)}$")} {there};"),
                { HeaderPattern: { } pattern } => DefineChoice($"$by_header_{word}", value, next, $"{NginxText.Quote($"~{pattern}")} {there};"),
                _ => DefineChoice($"$by_header_{word}", value, next, $"always {there};", $"never {otherwise};"),
            };
        }

        return next;
    }

    private string DefineChoice(string variable, string of, string otherwise, params IReadOnlyList<string> choices)
    {
        text.Open($"map {of} {variable}");
        text.Line($"default {otherwise};");
        foreach (var choice in choices)
        {
            text.Line(choice);
        }

        text.Close();
        return variable;
    }

    private void DefineLimits(IngressPath path)
    {
        if (path.Options.Limits is not { } limits || !_defined.Add($"limits {path.Id}"))
        {
            return;
        }

        text.Open($"geo $limited_{path.Id}");
        text.Line("default 1;");
        foreach (var range in limits.Exempt)
        {
            text.Line($"{range} 0;");
        }

        text.Close();
        text.Open($"map $limited_{path.Id} $limit_key_{path.Id}");
        text.Line("0 \"\";");
        text.Line("default $binary_remote_addr;");
        text.Close();
        if (limits.PerSecond > 0)
        {
            text.Line($"limit_req_zone $limit_key_{path.Id} zone={RateZone(path, "second")}:5m rate={limits.PerSecond}r/s;");
        }

        if (limits.PerMinute > 0)
        {
            text.Line($"limit_req_zone $limit_key_{path.Id} zone={RateZone(path, "minute")}:5m rate={limits.PerMinute}r/m;");
        }

        if (limits.Connections > 0)
        {
            text.Line($"limit_conn_zone $limit_key_{path.Id} zone={ConnectionZone(path)}:5m;");
        }
    }

    private void DefineOrigins(IngressPath path)
    {
        if (path.Options.Cors is not { } cors || !_defined.Add($"origins {path.Id}"))
        {
            return;
        }

        text.Open($"map $http_origin {OriginOf(path)}");
        text.Line($"default {(cors.Origins.Contains("*") ? "\"*\"" : "\"\"")};");
        foreach (var origin in cors.Origins.Where(origin => origin != "*"))
        {
            text.Line($"{NginxText.Quote($"~^{Regex.Escape(origin).Replace(@"\*", "[^.]+", StringComparison.Ordinal)}$")} $http_origin;");
        }

        text.Close();
    }
}
