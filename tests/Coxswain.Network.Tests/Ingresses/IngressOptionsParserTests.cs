using Coxswain.Network.Ingresses;

namespace Coxswain.Network.Tests.Ingresses;

public sealed class IngressOptionsParserTests
{
    [Theory]
    [InlineData("rewrite-target", "/$2")]
    [InlineData("rewrite-target", "/api/$1/x.html")]
    [InlineData("proxy-body-size", "8m")]
    [InlineData("proxy-body-size", "0")]
    [InlineData("proxy-read-timeout", "3600")]
    [InlineData("proxy-read-timeout", "60s")]
    [InlineData("backend-protocol", "grpc")]
    [InlineData("auth-url", "http://auth.default.svc.cluster.local/check?a=$request_uri")]
    [InlineData("permanent-redirect", "https://example.org/new")]
    [InlineData("whitelist-source-range", "10.0.0.0/8, 192.168.1.1")]
    [InlineData("cors-allow-origin", "https://a.example, https://*.b.example:8443")]
    [InlineData("canary-by-header-pattern", "^(a|b){1,2}$")]
    [InlineData("session-cookie-name", "route")]
    public void Parse_GoodValue_IsTaken(string name, string value) => Assert.Empty(Errors(name, value));

    [Theory]
    [InlineData("rewrite-target", "/x; return 200 secrets")]
    [InlineData("rewrite-target", "/$http_authorization")]
    [InlineData("rewrite-target", "/x\nserver {}")]
    [InlineData("app-root", "/x\" \"")]
    [InlineData("proxy-body-size", "8 m;")]
    [InlineData("proxy-read-timeout", "soon")]
    [InlineData("ssl-redirect", "maybe")]
    [InlineData("backend-protocol", "FTP")]
    [InlineData("auth-url", "file:///etc/passwd")]
    [InlineData("auth-url", "http://x/;}")]
    [InlineData("auth-realm", "a\"; return 200 \"")]
    [InlineData("auth-realm", "$ssl_client_cert")]
    [InlineData("upstream-vhost", "a b")]
    [InlineData("whitelist-source-range", "everybody")]
    [InlineData("session-cookie-name", "a-b")]
    [InlineData("canary-by-header", "X Y")]
    [InlineData("upstream-hash-by", "$request_uri;")]
    [InlineData("configuration-snippet", "return 200;")]
    [InlineData("server-snippet", "location /x {}")]
    [InlineData("auth-tls-secret", "default/ca")]
    [InlineData("auth-type", "digest")]
    public void Parse_ValueThatCannotBe_IsAnError(string name, string value) =>
        Assert.Contains(name, Assert.Single(Errors(name, value)), StringComparison.Ordinal);

    [Fact]
    public void Parse_SecretOfAnotherNamespace_IsAnError() =>
        Assert.Contains("another namespace", Assert.Single(Errors(("auth-type", "basic"), ("auth-secret", "kube-system/users"))), StringComparison.Ordinal);

    [Fact]
    public void Parse_UnknownAnnotation_IsPassedOverWithAWord()
    {
        IngressOptionsParser.Parse(
            "default", new Dictionary<string, string> { ["nginx.ingress.kubernetes.io/mirror-target"] = "x", ["other/one"] = "y" }, out var errors, out var warnings);

        Assert.Empty(errors);
        Assert.Contains("mirror-target", Assert.Single(warnings), StringComparison.Ordinal);
    }

    private static IReadOnlyList<string> Errors(string name, string value) => Errors((name, value));

    private static IReadOnlyList<string> Errors(params (string Name, string Value)[] annotations)
    {
        IngressOptionsParser.Parse(
            "default", annotations.ToDictionary(annotation => $"nginx.ingress.kubernetes.io/{annotation.Name}", annotation => annotation.Value),
            out var errors, out _);
        return errors;
    }
}
