using System.Text.RegularExpressions;

namespace Coxswain.Network.Ingresses;

/// <summary>Writes a plan as nginx's configuration. Pure, and the same for the same plan.</summary>
internal sealed class NginxRenderer
{
    private readonly NginxText _text = new();
    private readonly NginxSettings _settings;
    private readonly NginxTargets _targets;
    private readonly NginxLocations _locations;

    private NginxRenderer(NginxSettings settings)
    {
        _settings = settings;
        _targets = new NginxTargets(_text);
        _locations = new NginxLocations(_text, settings, _targets);
    }

    public static NginxText Render(IngressPlan plan, NginxSettings settings)
    {
        var renderer = new NginxRenderer(settings);
        renderer.AppendMain();
        renderer._text.Open("http");
        renderer.AppendHttp();
        foreach (var path in plan.Sites.SelectMany(site => site.Paths))
        {
            renderer._text.Owner = path.Owner;
            renderer._targets.Define(path);
        }

        renderer._text.Owner = null;
        foreach (var site in plan.Sites)
        {
            renderer.AppendSite(site);
        }

        if (plan.Sites.All(site => site.Host.Length > 0))
        {
            renderer.AppendSite(new IngressSite("", [], null, HasTls: false, []));
        }

        renderer._text.Close();
        return renderer._text;
    }

    private void AppendMain()
    {
        Lines(
            "daemon off;",
            "pid /run/nginx.pid;",
            "worker_processes 2;",
            "worker_rlimit_nofile 65536;",
            // Connections outlive the configuration they began with, but not for ever.
            "worker_shutdown_timeout 240s;",
            "error_log /dev/stderr notice;");
        _text.Open("events");
        Lines("worker_connections 16384;", "multi_accept on;");
        _text.Close();
    }

    private void AppendHttp()
    {
        Lines(
            "access_log off;",
            "server_tokens off;",
            "default_type text/html;",
            "server_names_hash_bucket_size 512;",
            "server_names_hash_max_size 4096;",
            "map_hash_bucket_size 256;",
            "variables_hash_max_size 4096;",
            "variables_hash_bucket_size 256;",
            "client_header_buffer_size 1k;",
            "large_client_header_buffers 4 8k;",
            "keepalive_timeout 75s;",
            "keepalive_requests 1000;",
            "sendfile on;",
            "tcp_nopush on;",
            "reset_timedout_connection on;",
            "ssl_protocols TLSv1.2 TLSv1.3;",
            "ssl_session_cache shared:SSL:10m;",
            "ssl_session_timeout 10m;",
            "ssl_session_tickets off;",
            "limit_req_status 503;",
            "limit_conn_status 503;",
            "proxy_headers_hash_max_size 1024;",
            "proxy_headers_hash_bucket_size 128;",
            $"resolver {_settings.Resolver} valid=10s ipv6=off;",
            "resolver_timeout 5s;");
        Map("$http_upgrade", "$connection_upgrade", "default upgrade;", "\"\" \"\";");
        Map("$http_host", "$best_http_host", "default $http_host;", "\"\" $host;");
        _text.Open("server");
        Lines($"listen {NginxSettings.HealthPort};", "location = /healthz { return 200; }", "location / { return 404; }");
        _text.Close();
        _text.Open("server");
        Lines($"listen 127.0.0.1:{NginxSettings.NobodyPort};", "return 503;");
        _text.Close();
    }

    private void AppendSite(IngressSite site)
    {
        var byDefault = site.Host.Length == 0 ? " default_server" : "";
        _text.Open("server");
        Lines(
            $"server_name {string.Join(' ', site.Aliases.Prepend(site.Host).Select(ServerName))};",
            $"listen 80{byDefault};",
            $"listen 443{byDefault} ssl http2;",
            $"ssl_certificate {_settings.Folder}/{site.Certificate ?? NginxSettings.DefaultCertificate};",
            $"ssl_certificate_key {_settings.Folder}/{site.Certificate ?? NginxSettings.DefaultCertificate};");
        _locations.Append(site);
        _text.Owner = null;
        _text.Close();
    }

    /// <summary>A wildcard stands for one label, as Kubernetes has it; nginx's own for any number.</summary>
    private static string ServerName(string host) =>
        host.Length == 0 ? "_"
        : host.StartsWith("*.", StringComparison.Ordinal) ? NginxText.Quote($"~^[^.]+{Regex.Escape(host[1..])}$")
        : host;

    private void Map(string of, string variable, params IReadOnlyList<string> lines)
    {
        _text.Open($"map {of} {variable}");
        Lines(lines);
        _text.Close();
    }

    private void Lines(params IReadOnlyList<string> lines)
    {
        foreach (var line in lines)
        {
            _text.Line(line);
        }
    }
}
