using System.Globalization;
using System.Net;
using System.Text.RegularExpressions;

namespace Coxswain.Network.Ingresses;

/// <summary>Reads the annotations of one Ingress. Nothing of them gets into the configuration that was not checked here.</summary>
internal sealed partial class IngressOptionsParser
{
    private const string Prefix = "nginx.ingress.kubernetes.io/";
    private const string DefaultMethods = "GET, PUT, POST, DELETE, PATCH, OPTIONS";

    private const string DefaultHeaders =
        "DNT,Keep-Alive,User-Agent,X-Requested-With,If-Modified-Since,Cache-Control,Content-Type,Range,Authorization";

    private readonly string _namespace;
    private readonly Dictionary<string, string> _values;
    private readonly HashSet<string> _read = new(StringComparer.Ordinal);
    private readonly List<string> _errors = [];

    private IngressOptionsParser(string @namespace, IReadOnlyDictionary<string, string> annotations)
    {
        _namespace = @namespace;
        _values = annotations.Where(annotation => annotation.Key.StartsWith(Prefix, StringComparison.Ordinal))
            .ToDictionary(annotation => annotation.Key[Prefix.Length..], annotation => annotation.Value.Trim(), StringComparer.Ordinal);
    }

    /// <param name="errors">Why the Ingress cannot be served; empty when it can.</param>
    /// <param name="warnings">What is passed over.</param>
    public static IngressOptions Parse(
        string @namespace, IReadOnlyDictionary<string, string> annotations, out IReadOnlyList<string> errors, out IReadOnlyList<string> warnings)
    {
        var parser = new IngressOptionsParser(@namespace, annotations);
        var options = parser.Parse();
        var unknown = parser._values.Keys.Where(name => !parser._read.Contains(name)).Order(StringComparer.Ordinal).ToList();

        // To serve without a protection that was asked for would be worse than not to serve.
        var refused = unknown.Where(name => name.EndsWith("-snippet", StringComparison.Ordinal) || name.StartsWith("auth-", StringComparison.Ordinal)
            || name.Contains("modsecurity", StringComparison.Ordinal)).ToList();
        parser._errors.AddRange(refused.Select(name =>
            name.EndsWith("-snippet", StringComparison.Ordinal)
                ? $"annotation {Prefix}{name}: snippets are refused, as they could read every Secret"
                : $"annotation {Prefix}{name} is not supported"));
        errors = parser._errors;
        warnings = [.. unknown.Except(refused).Select(name => $"annotation {Prefix}{name} is not supported and has no effect")];
        return options;
    }

    private IngressOptions Parse()
    {
        var code = Number("permanent-redirect-code", 301);
        var temporal = Match("temporal-redirect", Url());
        var defaults = new IngressOptions();
        return new IngressOptions
        {
            RewriteTarget = Match("rewrite-target", Target()),
            UseRegex = Flag("use-regex", false),
            SslRedirect = Flag("ssl-redirect", true),
            ForceSslRedirect = Flag("force-ssl-redirect", false),
            AppRoot = Match("app-root", Target()),
            BodySize = Match("proxy-body-size", Size()) ?? defaults.BodySize,
            ConnectTimeout = Number("proxy-connect-timeout", defaults.ConnectTimeout),
            SendTimeout = Number("proxy-send-timeout", defaults.SendTimeout),
            ReadTimeout = Number("proxy-read-timeout", defaults.ReadTimeout),
            Buffering = Flag("proxy-buffering", false),
            RequestBuffering = Flag("proxy-request-buffering", true),
            BufferSize = Match("proxy-buffer-size", Size()) ?? defaults.BufferSize,
            NextUpstream = Match("proxy-next-upstream", NextUpstreams()) ?? defaults.NextUpstream,
            NextUpstreamTries = Number("proxy-next-upstream-tries", defaults.NextUpstreamTries),
            BackendProtocol = OneOf("backend-protocol", defaults.BackendProtocol, "HTTP", "HTTPS", "GRPC", "GRPCS", "AUTO_HTTP").Replace("AUTO_HTTP", "HTTP", StringComparison.Ordinal),
            UpstreamVhost = Match("upstream-vhost", HostText()),
            ForwardedPrefix = Match("x-forwarded-prefix", Target()),
            HashBy = Match("upstream-hash-by", HashKey()),
            ServiceUpstream = Flag("service-upstream", false),
            Affinity = Affinity(),
            Canary = Canary(),
            Limits = Limits(),
            AllowSources = Ranges("whitelist-source-range") is { Count: > 0 } old ? old : Ranges("allowlist-source-range"),
            DenySources = Ranges("denylist-source-range"),
            BasicAuth = BasicAuth(),
            ExternalAuth = ExternalAuth(),
            Cors = Cors(),
            Redirect = temporal ?? Match("permanent-redirect", Url()),
            RedirectCode = temporal is null ? code : 302,
            ServerAliases = List("server-alias", HostText()),
        };
    }

    private IngressAffinity? Affinity()
    {
        var kind = OneOf("affinity", "", "", "cookie");
        OneOf("affinity-mode", "balanced", "balanced", "persistent");
        var name = Match("session-cookie-name", Word()) ?? "INGRESSCOOKIE";
        var path = Match("session-cookie-path", Target());
        var age = Value("session-cookie-max-age") is not null ? Number("session-cookie-max-age", 0) : (int?)null;
        var expires = Value("session-cookie-expires") is not null ? Number("session-cookie-expires", 0) : (int?)null;
        var sameSite = OneOf("session-cookie-samesite", "", "", "Strict", "Lax", "None");
        var isSecure = Flag("session-cookie-secure", false);
        return kind.Length == 0 ? null : new IngressAffinity(name, path, age ?? expires, sameSite.Length == 0 ? null : sameSite, isSecure);
    }

    private IngressCanary? Canary()
    {
        var isCanary = Flag("canary", false);
        var total = Math.Max(1, Number("canary-weight-total", 100));
        var canary = new IngressCanary(
            Math.Min(Number("canary-weight", 0), total), total, Match("canary-by-header", HeaderName()), Match("canary-by-header-value", HeaderText()),
            Match("canary-by-header-pattern", PatternText()), Match("canary-by-cookie", Word()));
        return isCanary ? canary : null;
    }

    private IngressLimits? Limits()
    {
        var limits = new IngressLimits(
            Number("limit-rps", 0), Number("limit-rpm", 0), Number("limit-connections", 0), Math.Max(1, Number("limit-burst-multiplier", 5)),
            Ranges("limit-whitelist"));
        return limits is { PerSecond: 0, PerMinute: 0, Connections: 0 } ? null : limits;
    }

    private IngressBasicAuth? BasicAuth()
    {
        var kind = OneOf("auth-type", "", "", "basic");
        var secret = Match("auth-secret", SecretName());
        var realm = Match("auth-realm", HeaderText()) ?? "Authentication Required";
        var isFile = OneOf("auth-secret-type", "auth-file", "auth-file", "auth-map") == "auth-file";
        if (kind.Length == 0)
        {
            return null;
        }

        var parts = (secret ?? "").Split('/');
        if (parts[^1].Length == 0)
        {
            _errors.Add($"annotation {Prefix}auth-secret is needed with {Prefix}auth-type");
        }
        else if (parts.Length == 2 && parts[0] != _namespace)
        {
            _errors.Add($"annotation {Prefix}auth-secret: a Secret of another namespace cannot be used");
        }

        return new IngressBasicAuth(_namespace, parts[^1], realm, isFile);
    }

    private IngressExternalAuth? ExternalAuth()
    {
        var url = Match("auth-url", Url());
        var method = OneOf("auth-method", "", "", "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS");
        var signIn = Match("auth-signin", Url());
        var headers = List("auth-response-headers", HeaderName());
        return url is null ? null : new IngressExternalAuth(url, method.Length == 0 ? null : method, signIn, headers);
    }

    private IngressCors? Cors()
    {
        var isEnabled = Flag("enable-cors", false);
        var origins = List("cors-allow-origin", Origin());
        var cors = new IngressCors(
            origins.Count > 0 ? origins : ["*"], Match("cors-allow-methods", HeaderNames()) ?? DefaultMethods,
            Match("cors-allow-headers", HeaderNames()) ?? DefaultHeaders, Match("cors-expose-headers", HeaderNames()),
            Flag("cors-allow-credentials", true), Number("cors-max-age", 1728000));
        return isEnabled ? cors : null;
    }

    private string? Value(string name)
    {
        _read.Add(name);
        return _values.TryGetValue(name, out var value) && value.Length > 0 ? value : null;
    }

    private bool Flag(string name, bool otherwise) => Value(name)?.ToLowerInvariant() switch
    {
        null => otherwise,
        "true" or "on" => true,
        "false" or "off" => false,
        var wrong => Wrong(name, wrong, "true or false", otherwise),
    };

    private int Number(string name, int otherwise)
    {
        if (Value(name) is not { } text)
        {
            return otherwise;
        }

        text = text.EndsWith('s') ? text[..^1] : text;
        return int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : Wrong(name, text, "a number", otherwise);
    }

    private string? Match(string name, Regex pattern) =>
        Value(name) is not { } text ? null : pattern.IsMatch(text) ? text : Wrong<string?>(name, text, "of the form it must have", null);

    private string OneOf(string name, string otherwise, params IReadOnlyList<string> allowed)
    {
        var value = Value(name);
        return value is null ? otherwise
            : allowed.FirstOrDefault(one => string.Equals(one, value, StringComparison.OrdinalIgnoreCase))
                ?? Wrong(name, value, $"one of {string.Join(", ", allowed.Where(one => one.Length > 0))}", otherwise);
    }

    private List<string> List(string name, Regex pattern)
    {
        var items = (Value(name) ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        return [.. items.Where(item => pattern.IsMatch(item) || Wrong(name, item, "of the form it must have", false))];
    }

    private List<string> Ranges(string name)
    {
        var items = (Value(name) ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        return [.. items.Where(item => IPNetwork.TryParse(item, out _) || IPAddress.TryParse(item, out _) || Wrong(name, item, "an address or a range", false))];
    }

    private T Wrong<T>(string name, string value, string expected, T otherwise)
    {
        _errors.Add($"annotation {Prefix}{name}: \"{(value.Length > 60 ? value[..60] + "…" : value)}\" is not {expected}");
        return otherwise;
    }

    /// <summary>A path with captures, and nothing that ends a word or begins a variable in nginx.</summary>
    [GeneratedRegex(@"^/(?:[^\s;{}""'$\\]|\$[0-9])*$")]
    private static partial Regex Target();

    [GeneratedRegex(@"^[0-9]{1,9}[kKmMgG]?$")]
    private static partial Regex Size();

    [GeneratedRegex(@"^https?://(?:[^\s;{}""'$\\]|\$(?:scheme|http_host|host|request_uri|escaped_request_uri|best_http_host)\b)+$")]
    private static partial Regex Url();

    [GeneratedRegex(@"^[A-Za-z0-9_]{1,64}$")]
    private static partial Regex Word();

    [GeneratedRegex(@"^[A-Za-z0-9-]{1,64}$")]
    private static partial Regex HeaderName();

    [GeneratedRegex(@"^(?:\*|[A-Za-z0-9-]+)(?:\s*,\s*[A-Za-z0-9-]+)*$")]
    private static partial Regex HeaderNames();

    [GeneratedRegex(@"^[^\x00-\x1f""$\\{};]{1,200}$")]
    private static partial Regex HeaderText();

    [GeneratedRegex(@"^[^\x00-\x1f""']{1,200}$")]
    private static partial Regex PatternText();

    [GeneratedRegex(@"^[A-Za-z0-9._*:-]{1,253}$")]
    private static partial Regex HostText();

    [GeneratedRegex(@"^(?:[a-z0-9.-]+/)?[a-z0-9.-]+$")]
    private static partial Regex SecretName();

    [GeneratedRegex(@"^(?:error|timeout|invalid_header|http_[0-9]{3}|non_idempotent|off)(?: (?:error|timeout|invalid_header|http_[0-9]{3}|non_idempotent))*$")]
    private static partial Regex NextUpstreams();

    [GeneratedRegex(@"^\$(?:request_uri|uri|host|remote_addr|binary_remote_addr|arg_[a-z0-9_]+|http_[a-z0-9_]+|cookie_[A-Za-z0-9_]+)$")]
    private static partial Regex HashKey();

    [GeneratedRegex(@"^(?:\*|https?://[A-Za-z0-9.*-]+(?::[0-9]+)?)$")]
    private static partial Regex Origin();
}
