using System.Net;
using System.Text;
using Coxswain.Api.Core.V1;
using Coxswain.Api.Discovery.V1;
using Coxswain.Api.Json;
using Coxswain.Network.Ingresses;
using Coxswain.Network.Tests.Proxy;
using V1Ingress = Coxswain.Api.Networking.V1.Ingress;

namespace Coxswain.Network.Tests.Ingresses;

/// <summary>From Ingresses to nginx's words, without nginx.</summary>
public sealed class NginxRendererTests : IIngressObjects
{
    private readonly Dictionary<string, Secret> _secrets = [];

    Service? IIngressObjects.Service(string @namespace, string name) =>
        name is "web" or "next" or "empty" ? Services.Of(name, "10.96.0.80", Services.Port(80, name: "http")) : null;

    IReadOnlyList<EndpointSlice> IIngressObjects.Slices(string @namespace, string service) => service switch
    {
        "web" => [Services.Slice("web", 8080, Protocol.TCP, [Services.Ready("10.244.0.2"), Services.Ready("10.244.0.3")], "http")],
        "next" => [Services.Slice("next", 8080, Protocol.TCP, [Services.Ready("10.244.0.9")], "http")],
        _ => [],
    };

    Secret? IIngressObjects.Secret(string @namespace, string name) => _secrets.GetValueOrDefault($"{@namespace}/{name}");

    [Fact]
    public void Render_PrefixAndExactAndOther_BecomeLocations()
    {
        var text = Render(Ingress("a", "example.org", Path("/p", "Prefix"), Path("/e", "Exact"), Path("/i", "ImplementationSpecific")));

        Assert.Contains("server_name example.org;", text, StringComparison.Ordinal);
        Assert.Contains("location = \"/p\" {", text, StringComparison.Ordinal);
        Assert.Contains("location \"/p/\" {", text, StringComparison.Ordinal);
        Assert.Contains("location = \"/e\" {", text, StringComparison.Ordinal);
        Assert.Contains("location \"/i\" {", text, StringComparison.Ordinal);
        Assert.Contains("location / { return 404; }", text, StringComparison.Ordinal);
        Assert.Contains("server 10.244.0.2:8080 max_fails=0;", text, StringComparison.Ordinal);
        Assert.Contains("server 10.244.0.3:8080 max_fails=0;", text, StringComparison.Ordinal);
    }

    [Fact]
    public void Render_RewriteWithCaptures_MatchesLongestFirst()
    {
        var text = Render(Ingress(
            "a", "example.org", Annotated("rewrite-target", "/$2"), Path("/a(/|$)(.*)", "ImplementationSpecific"), Path("/a/longer(/|$)(.*)", "ImplementationSpecific")));

        Assert.Contains("rewrite \"(?i)^/a(/|$)(.*)\" \"/$2\" break;", text, StringComparison.Ordinal);
        Assert.True(text.IndexOf("location ~* \"^/a/longer", StringComparison.Ordinal) < text.IndexOf("location ~* \"^/a(/", StringComparison.Ordinal));
    }

    [Fact]
    public void Render_Wildcard_StandsForOneLabel() =>
        Assert.Contains("""server_name "~^[^.]+\\.example\\.org$";""", Render(Ingress("a", "*.example.org", Path("/", "Prefix"))), StringComparison.Ordinal);

    [Fact]
    public void Render_NoEndpointsOrNoService_Answers503()
    {
        Assert.Contains("return 503;", Location(Render(Ingress("a", "example.org", Path("/", "Prefix", "empty")))), StringComparison.Ordinal);
        Assert.Contains("return 503;", Location(Render(Ingress("a", "example.org", Path("/", "Prefix", "missing")), out var plan)), StringComparison.Ordinal);
        Assert.Contains("does not exist", Assert.Single(plan.Problems).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Render_Canary_DividesRequestsOfTheOther()
    {
        var text = Render(
            Ingress("a", "example.org", Path("/", "Prefix")),
            Ingress(
                "b", "example.org", new Dictionary<string, string> { ["canary"] = "true", ["canary-weight"] = "3", ["canary-by-header"] = "X-Canary" },
                Path("/", "Prefix", "next")));

        Assert.Contains("3% 1;", text, StringComparison.Ordinal);
        Assert.Contains("map $http_x_canary", text, StringComparison.Ordinal);
        Assert.Contains("always to-default-next-http;", text, StringComparison.Ordinal);
        Assert.Contains("never to-default-web-http;", text, StringComparison.Ordinal);
        Assert.Contains("proxy_pass http://$by_header_", text, StringComparison.Ordinal);
    }

    [Fact]
    public void Plan_SamePathTwice_TheOlderHasItAndTheOtherIsTold()
    {
        Render([Ingress("b", "example.org", Path("/", "Prefix")), Ingress("a", "example.org", Path("/", "Prefix", "next"))], out var plan);

        Assert.Equal("default/a", Assert.Single(Assert.Single(plan.Sites).Paths).Owner);
        Assert.Equal("default/b", Assert.Single(plan.Problems).Owner);
    }

    [Fact]
    public void Plan_SnippetAndMissingPasswords_AreRefusedAlone()
    {
        Render(
            [
                Ingress("a", "a.example", Annotated("configuration-snippet", "return 200;"), Path("/", "Prefix")),
                Ingress("b", "b.example", new Dictionary<string, string> { ["auth-type"] = "basic", ["auth-secret"] = "users" }, Path("/", "Prefix")),
                Ingress("c", "c.example", Path("/", "Prefix")),
            ],
            out var plan);

        Assert.Equal(["default/a", "default/b"], plan.Problems.Where(problem => problem.IsRefused).Select(problem => problem.Owner));
        Assert.Equal("c.example", Assert.Single(plan.Sites).Host);
    }

    [Fact]
    public void Render_BasicAuth_NamesAFileOfTheSecret()
    {
        _secrets["default/users"] = Secret.Empty with { Data = new Dictionary<string, ReadOnlyMemory<byte>> { ["auth"] = Encoding.ASCII.GetBytes("me:$apr1$x") } };

        var text = Render(
            [Ingress("b", "b.example", new Dictionary<string, string> { ["auth-type"] = "basic", ["auth-secret"] = "users" }, Path("/", "Prefix"))], out var plan);

        var file = Assert.Single(plan.Files);
        Assert.Equal("me:$apr1$x\n", file.Value);
        Assert.Contains($"auth_basic_user_file /ingress/{file.Key};", text, StringComparison.Ordinal);
    }

    [Fact]
    public void Render_Line_IsOfTheIngressThatWantedIt()
    {
        var plan = IngressPlanner.Plan([Ingress("a", "a.example", Path("/", "Prefix")), Ingress("b", "b.example", Path("/only-b", "Prefix"))], this, new HashSet<string>());
        var text = NginxRenderer.Render(plan, Settings);

        var line = text.ToString().Split('\n').ToList().FindIndex(line => line.Contains("/only-b", StringComparison.Ordinal)) + 1;
        Assert.Equal("default/b", text.OwnerOf(line));
        Assert.Equal(line, new NginxAnswer(true, false, $"nginx: [emerg] no in /ingress/candidate.conf:{line}\nnginx: failed").Line);
    }

    private static NginxSettings Settings => new() { Folder = "/ingress", Resolver = IPAddress.Parse("10.96.0.10") };

    private string Render(params V1Ingress[] ingresses) => Render(ingresses, out _);

    private string Render(V1Ingress ingress, out IngressPlan plan) => Render([ingress], out plan);

    private string Render(V1Ingress[] ingresses, out IngressPlan plan)
    {
        plan = IngressPlanner.Plan(ingresses, this, new HashSet<string>());
        return NginxRenderer.Render(plan, Settings).ToString();
    }

    /// <summary>What stands in the location for all paths.</summary>
    private static string Location(string text)
    {
        var begin = text.IndexOf("location / {\n", StringComparison.Ordinal);
        return text[begin..text.IndexOf("\n        }\n", begin, StringComparison.Ordinal)];
    }

    private static Dictionary<string, string> Annotated(string name, string value) => new() { [name] = value };

    private static string Path(string path, string type, string service = "web") =>
        $"{{\"path\":\"{path}\",\"pathType\":\"{type}\",\"backend\":{{\"service\":{{\"name\":\"{service}\",\"port\":{{\"name\":\"http\"}}}}}}}}";

    private static V1Ingress Ingress(string name, string host, params string[] paths) => Ingress(name, host, [], paths);

    private static V1Ingress Ingress(string name, string host, Dictionary<string, string> annotations, params string[] paths)
    {
        var ingress = KubeJson.Deserialize<V1Ingress>(Encoding.UTF8.GetBytes(
            $$$"""{"metadata":{"namespace":"default","name":"{{{name}}}"},"spec":{"rules":[{"host":"{{{host}}}","http":{"paths":[{{{string.Join(',', paths)}}}]}}]}}"""));
        return ingress with
        {
            Metadata = ingress.Metadata with { Annotations = annotations.ToDictionary(entry => $"nginx.ingress.kubernetes.io/{entry.Key}", entry => entry.Value) },
        };
    }
}
