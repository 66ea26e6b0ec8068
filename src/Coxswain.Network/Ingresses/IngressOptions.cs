namespace Coxswain.Network.Ingresses;

/// <summary>What the annotations <c>nginx.ingress.kubernetes.io/...</c> of one Ingress say, checked; names and defaults are ingress-nginx's.</summary>
internal sealed record IngressOptions
{
    public string? RewriteTarget { get; init; }

    public bool UseRegex { get; init; }

    public bool SslRedirect { get; init; } = true;

    public bool ForceSslRedirect { get; init; }

    public string? AppRoot { get; init; }

    public string BodySize { get; init; } = "1m";

    public int ConnectTimeout { get; init; } = 5;

    public int SendTimeout { get; init; } = 60;

    public int ReadTimeout { get; init; } = 60;

    public bool Buffering { get; init; }

    public bool RequestBuffering { get; init; } = true;

    public string BufferSize { get; init; } = "4k";

    public string NextUpstream { get; init; } = "error timeout";

    public int NextUpstreamTries { get; init; } = 3;

    /// <summary>HTTP, HTTPS, GRPC or GRPCS.</summary>
    public string BackendProtocol { get; init; } = "HTTP";

    public string? UpstreamVhost { get; init; }

    public string? ForwardedPrefix { get; init; }

    public string? HashBy { get; init; }

    public bool ServiceUpstream { get; init; }

    public IngressAffinity? Affinity { get; init; }

    public IngressCanary? Canary { get; init; }

    public IngressLimits? Limits { get; init; }

    /// <summary>Address ranges; empty for everybody.</summary>
    public IReadOnlyList<string> AllowSources { get; init; } = [];

    public IReadOnlyList<string> DenySources { get; init; } = [];

    public IngressBasicAuth? BasicAuth { get; init; }

    public IngressExternalAuth? ExternalAuth { get; init; }

    public IngressCors? Cors { get; init; }

    /// <summary>Where everybody is sent instead.</summary>
    public string? Redirect { get; init; }

    public int RedirectCode { get; init; } = 301;

    public IReadOnlyList<string> ServerAliases { get; init; } = [];
}

/// <param name="MaxAge">Seconds; null for as long as the browser runs.</param>
internal sealed record IngressAffinity(string CookieName, string? CookiePath, int? MaxAge, string? SameSite, bool Secure);

/// <param name="Header">Decides by <c>always</c> and <c>never</c>, or by the value or pattern.</param>
internal sealed record IngressCanary(int Weight, int WeightTotal, string? Header, string? HeaderValue, string? HeaderPattern, string? Cookie);

/// <param name="Exempt">Ranges of clients without limits.</param>
internal sealed record IngressLimits(int PerSecond, int PerMinute, int Connections, int BurstMultiplier, IReadOnlyList<string> Exempt);

/// <param name="IsFile">One key <c>auth</c> with lines of htpasswd; otherwise a key a user with the password's hash.</param>
internal sealed record IngressBasicAuth(string Namespace, string Secret, string Realm, bool IsFile);

internal sealed record IngressExternalAuth(string Url, string? Method, string? SignIn, IReadOnlyList<string> ResponseHeaders);

internal sealed record IngressCors(
    IReadOnlyList<string> Origins, string Methods, string Headers, string? ExposeHeaders, bool Credentials, int MaxAge);
