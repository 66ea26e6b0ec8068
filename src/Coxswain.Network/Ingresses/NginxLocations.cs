namespace Coxswain.Network.Ingresses;

/// <summary>Writes the locations of one site.</summary>
internal sealed class NginxLocations(NginxText text, NginxSettings settings, NginxTargets targets)
{
    private int _externalAuths;

    public void Append(IngressSite site)
    {
        // One path with an expression makes expressions of all, or those would go before prefixes that are longer.
        var isRegex = site.Paths.Any(path => path.Options.UseRegex || path.Options.RewriteTarget is not null);
        var written = new HashSet<string>(StringComparer.Ordinal);
        var paths = isRegex ? site.Paths.OrderBy(path => path.Kind == "Exact" ? 0 : 1).ThenByDescending(path => path.Path.Length) : site.Paths.AsEnumerable();
        foreach (var path in paths)
        {
            text.Owner = path.Owner;
            foreach (var location in Locations(path, isRegex).Where(written.Add))
            {
                Append(site, path, location);
            }
        }

        text.Owner = null;
        if (!isRegex && written.Add("/"))
        {
            text.Line("location / { return 404; }");
        }
        else if (isRegex)
        {
            text.Line("location / { return 404; }");
        }
    }

    /// <summary>What of a location decides which requests it gets.</summary>
    private static IEnumerable<string> Locations(IngressPath path, bool isRegex)
    {
        if (path.Kind == "Exact")
        {
            return [isRegex && path.Options.UseRegex ? $"~* {NginxText.Quote($"^{path.Path}$")}" : $"= {NginxText.Quote(path.Path)}"];
        }

        if (isRegex)
        {
            return [$"~* {NginxText.Quote($"^{path.Path}")}"];
        }

        // A prefix is one of whole elements: /a is one of /a/b and not of /ab.
        var prefix = path.Path.TrimEnd('/');
        return path.Kind != "Prefix" || prefix.Length == 0
            ? [path.Path == "/" ? "/" : NginxText.Quote(path.Path)]
            : [$"= {NginxText.Quote(prefix)}", NginxText.Quote(prefix + "/")];
    }

    private void Append(IngressSite site, IngressPath path, string location)
    {
        var options = path.Options;
        var auth = options.ExternalAuth is null ? 0 : ++_externalAuths;
        text.Open($"location {location}");
        if (options.ForceSslRedirect || (site.HasTls && options.SslRedirect))
        {
            text.Line("if ($scheme = http) { return 308 https://$host$request_uri; }");
        }

        if (options.AppRoot is { } root && path.Path == "/")
        {
            text.Line($"if ($uri = /) {{ return 302 $scheme://$best_http_host{root}; }}");
        }

        if (options.Redirect is { } elsewhere)
        {
            text.Line($"return {options.RedirectCode} {NginxText.Quote(Variables(elsewhere))};");
        }

        AppendAccess(path, auth);
        AppendHeaders(path);
        if (options.RewriteTarget is { } target)
        {
            text.Line($"rewrite {NginxText.Quote($"(?i)^{path.Path}")} {NginxText.Quote(target)} break;");
        }

        if (path.Upstream is { Endpoints.Count: 0, ExternalHost: null } && path.Canaries.Count == 0)
        {
            text.Line("return 503;");
        }
        else if (options.BackendProtocol is "GRPC" or "GRPCS")
        {
            AppendGrpc(path);
        }
        else
        {
            AppendProxy(path);
        }

        text.Close();
        if (options.ExternalAuth is { } external)
        {
            AppendExternalAuth(external, auth);
        }
    }

    private void AppendAccess(IngressPath path, int auth)
    {
        var options = path.Options;
        options.DenySources.ToList().ForEach(range => text.Line($"deny {range};"));
        if (options.AllowSources.Count > 0)
        {
            options.AllowSources.ToList().ForEach(range => text.Line($"allow {range};"));
            text.Line("deny all;");
        }

        if (options.BasicAuth is { } basic && path.PasswordFile is { } file)
        {
            text.Line($"auth_basic {NginxText.Quote(basic.Realm)};");
            text.Line($"auth_basic_user_file {settings.Folder}/{file};");
        }

        if (options.ExternalAuth is { } external)
        {
            text.Line($"auth_request /_external-auth-{auth};");
            foreach (var (header, index) in external.ResponseHeaders.Select((header, index) => (header, index)))
            {
                text.Line($"auth_request_set $auth_header_{auth}_{index} $upstream_http_{header.ToLowerInvariant().Replace('-', '_')};");
                text.Line($"proxy_set_header {header} $auth_header_{auth}_{index};");
            }

            if (external.SignIn is not null)
            {
                text.Line($"error_page 401 = @sign-in-{auth};");
            }
        }

        if (options.Limits is { } limits)
        {
            if (limits.PerSecond > 0)
            {
                text.Line($"limit_req zone={NginxTargets.RateZone(path, "second")} burst={limits.PerSecond * limits.BurstMultiplier} nodelay;");
            }

            if (limits.PerMinute > 0)
            {
                text.Line($"limit_req zone={NginxTargets.RateZone(path, "minute")} burst={limits.PerMinute * limits.BurstMultiplier} nodelay;");
            }

            if (limits.Connections > 0)
            {
                text.Line($"limit_conn {NginxTargets.ConnectionZone(path)} {limits.Connections};");
            }
        }
    }

    private void AppendHeaders(IngressPath path)
    {
        if (path.Options.Affinity is not null && path.Upstream.Endpoints.Count > 0)
        {
            text.Line($"add_header Set-Cookie {NginxTargets.CookieOf(path)};");
        }

        if (path.Options.Cors is not { } cors)
        {
            return;
        }

        List<string> headers = [$"add_header Access-Control-Allow-Origin {NginxTargets.OriginOf(path)} always;"];
        if (cors.Credentials)
        {
            headers.Add("add_header Access-Control-Allow-Credentials true always;");
        }

        headers.Add($"add_header Access-Control-Allow-Methods {NginxText.Quote(cors.Methods)} always;");
        headers.Add($"add_header Access-Control-Allow-Headers {NginxText.Quote(cors.Headers)} always;");
        if (cors.ExposeHeaders is { } exposed)
        {
            headers.Add($"add_header Access-Control-Expose-Headers {NginxText.Quote(exposed)} always;");
        }

        headers.Add($"add_header Access-Control-Max-Age {cors.MaxAge} always;");
        text.Open("if ($request_method = OPTIONS)");
        headers.ForEach(text.Line);
        text.Line("return 204;");
        text.Close();
        headers.ForEach(text.Line);
    }

    private void AppendProxy(IngressPath path)
    {
        var options = path.Options;
        foreach (var (name, value) in ForwardedHeaders(options))
        {
            text.Line($"proxy_set_header {name} {value};");
        }

        Lines(
            "proxy_set_header Upgrade $http_upgrade;",
            "proxy_set_header Connection $connection_upgrade;",
            "proxy_http_version 1.1;",
            "proxy_redirect off;",
            $"client_max_body_size {options.BodySize};",
            $"proxy_connect_timeout {options.ConnectTimeout}s;",
            $"proxy_send_timeout {options.SendTimeout}s;",
            $"proxy_read_timeout {options.ReadTimeout}s;",
            $"proxy_buffering {(options.Buffering ? "on" : "off")};",
            $"proxy_request_buffering {(options.RequestBuffering ? "on" : "off")};",
            $"proxy_buffer_size {options.BufferSize};",
            $"proxy_buffers 4 {options.BufferSize};",
            $"proxy_next_upstream {options.NextUpstream};",
            $"proxy_next_upstream_tries {options.NextUpstreamTries};");
        var scheme = options.BackendProtocol == "HTTPS" ? "https" : "http";
        if (scheme == "https")
        {
            text.Line("proxy_ssl_server_name on;");
        }

        AppendPass("proxy_pass", scheme, path);
    }

    private void AppendGrpc(IngressPath path)
    {
        foreach (var (name, value) in ForwardedHeaders(path.Options))
        {
            text.Line($"grpc_set_header {name} {value};");
        }

        Lines(
            $"client_max_body_size {path.Options.BodySize};",
            $"grpc_connect_timeout {path.Options.ConnectTimeout}s;",
            $"grpc_send_timeout {path.Options.SendTimeout}s;",
            $"grpc_read_timeout {path.Options.ReadTimeout}s;",
            $"grpc_next_upstream {path.Options.NextUpstream};",
            $"grpc_next_upstream_tries {path.Options.NextUpstreamTries};");
        AppendPass("grpc_pass", path.Options.BackendProtocol == "GRPCS" ? "grpcs" : "grpc", path);
    }

    private void AppendPass(string directive, string scheme, IngressPath path)
    {
        var target = targets.TargetOf(path);
        if (path.Upstream.ExternalHost is not null && !target.StartsWith('$'))
        {
            // A name in a variable is looked up for each request, not once for all.
            text.Line($"set $external_host {NginxText.Quote(target)};");
            target = "$external_host";
        }

        text.Line($"{directive} {scheme}://{target};");
    }

    private static IEnumerable<(string Name, string Value)> ForwardedHeaders(IngressOptions options)
    {
        yield return ("Host", options.UpstreamVhost is { } host ? NginxText.Quote(host) : "$best_http_host");
        yield return ("X-Request-ID", "$request_id");
        yield return ("X-Real-IP", "$remote_addr");
        yield return ("X-Forwarded-For", "$remote_addr");
        yield return ("X-Forwarded-Host", "$best_http_host");
        yield return ("X-Forwarded-Port", "$server_port");
        yield return ("X-Forwarded-Proto", "$scheme");
        yield return ("X-Forwarded-Scheme", "$scheme");
        yield return ("X-Scheme", "$scheme");
        yield return ("X-Original-Forwarded-For", "$http_x_forwarded_for");

        // What made CGI programs believe in a proxy of the client's choice.
        yield return ("Proxy", "\"\"");
        if (options.ForwardedPrefix is { } prefix)
        {
            yield return ("X-Forwarded-Prefix", NginxText.Quote(prefix));
        }
    }

    private void AppendExternalAuth(IngressExternalAuth external, int number)
    {
        text.Open($"location = /_external-auth-{number}");
        Lines(
            "internal;",
            "proxy_pass_request_body off;",
            "proxy_set_header Content-Length \"\";",
            "proxy_set_header X-Original-URL $scheme://$best_http_host$request_uri;",
            "proxy_set_header X-Original-Method $request_method;",
            "proxy_set_header X-Auth-Request-Redirect $request_uri;",
            "proxy_set_header X-Forwarded-For $remote_addr;");
        if (external.Method is { } method)
        {
            text.Line($"proxy_method {method};");
        }

        Lines($"set $auth_target {NginxText.Quote(Variables(external.Url))};", "proxy_pass $auth_target;");
        text.Close();
        if (external.SignIn is { } signIn)
        {
            var separator = signIn.Contains('?', StringComparison.Ordinal) ? "&" : "?";
            text.Open($"location @sign-in-{number}");
            text.Line(signIn.Contains("rd=", StringComparison.Ordinal)
                ? $"return 302 {NginxText.Quote(Variables(signIn))};"
                : $"return 302 {NginxText.Quote($"{Variables(signIn)}{separator}rd=$scheme://$best_http_host$request_uri")};");
            text.Close();
        }
    }

    /// <summary>Variables of ingress-nginx that nginx itself does not know.</summary>
    private static string Variables(string url) => url.Replace("$escaped_request_uri", "$request_uri", StringComparison.Ordinal);

    private void Lines(params IReadOnlyList<string> lines)
    {
        foreach (var line in lines)
        {
            text.Line(line);
        }
    }
}
