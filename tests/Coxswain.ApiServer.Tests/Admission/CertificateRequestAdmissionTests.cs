using System.Text;
using Coxswain.ApiServer.Certificates;

namespace Coxswain.ApiServer.Tests.Admission;

public sealed class CertificateRequestAdmissionTests : IAsyncLifetime
{
    private const string Requests = "/apis/certificates.k8s.io/v1/certificatesigningrequests";
    private const string Approval = """{"status":{"conditions":[{"type":"Approved","status":"True"}]}}""";

    private TestServer _server = null!;
    private HttpClient _jane = null!;

    public async Task InitializeAsync()
    {
        _server = await TestServer.StartAsync();
        _jane = _server.ClientWith(_server.Pki.Authority.Issue(new CertificateSubject("jane") { Organizations = ["dev"] }));
        await GrantAsync("requests", """{"apiGroups":["certificates.k8s.io"],"resources":["certificatesigningrequests","certificatesigningrequests/approval","certificatesigningrequests/status"],"verbs":["*"]}""");
    }

    public async Task DisposeAsync()
    {
        _jane.Dispose();
        await _server.DisposeAsync();
    }

    [Fact]
    public async Task Request_WithAnothersName_SaysWhoMadeIt()
    {
        var request = Convert.ToBase64String(Encoding.UTF8.GetBytes("-----BEGIN CERTIFICATE REQUEST-----\nMIIB\n-----END CERTIFICATE REQUEST-----\n"));
        var body = "{\"metadata\":{\"name\":\"r\"},\"spec\":{\"username\":\"root\",\"groups\":[\"system:masters\"],\"request\":\"" + request
            + "\",\"signerName\":\"example.com/one\",\"usages\":[\"client auth\"]}}";
        var made = (await _server.SendAsync(HttpMethod.Post, Requests, body, client: _jane)).Expect(201).Json["spec"]!;
        Assert.Equal("jane", (string)made["username"]!);
        Assert.Equal(["dev", "system:authenticated"], made["groups"]!.AsArray().Select(group => (string)group!));
    }

    [Fact]
    public async Task Request_Updated_AsksForTheSame()
    {
        await Request_WithAnothersName_SaysWhoMadeIt();
        var spec = (await _server.GetAsync(Requests + "/r")).Json["spec"]!.ToJsonString();
        var patch = """{"metadata":{"labels":{"a":"b"}},"spec":{"signerName":"kubernetes.io/kube-apiserver-client","username":"root","usages":["any"]}}""";
        var updated = (await _server.PatchAsync(Requests + "/r", patch)).Expect(200).Json;
        Assert.Equal("b", (string?)updated["metadata"]!["labels"]!["a"]);
        Assert.Equal(spec, updated["spec"]!.ToJsonString());
    }

    [Fact]
    public async Task Approval_BySomebodyWithoutTheSigner_IsRefused()
    {
        await Request_WithAnothersName_SaysWhoMadeIt();
        (await SendAsync("approval", Approval)).Expect(403);
        await GrantAsync("approver", """{"apiGroups":["certificates.k8s.io"],"resources":["signers"],"resourceNames":["example.com/*"],"verbs":["approve"]}""");
        (await SendAsync("approval", Approval)).Expect(200);
    }

    [Fact]
    public async Task Approval_MayAnnotate_AndChangesNothingThatIsAsked()
    {
        await Request_WithAnothersName_SaysWhoMadeIt();
        var approved = (await _server.PatchAsync(
            Requests + "/r/approval", """{"metadata":{"annotations":{"a":"b"}},"spec":{"signerName":"example.com/two"}}""")).Expect(200).Json;
        Assert.Equal("b", (string?)approved["metadata"]!["annotations"]!["a"]);
        Assert.Equal("example.com/one", (string?)approved["spec"]!["signerName"]);
    }

    [Fact]
    public async Task Certificate_BySomebodyWithoutTheSigner_IsRefused()
    {
        await Request_WithAnothersName_SaysWhoMadeIt();
        const string Signed = """{"status":{"certificate":"aGk="}}""";
        (await SendAsync("status", Signed)).Expect(403);
        await GrantAsync("signer", """{"apiGroups":["certificates.k8s.io"],"resources":["signers"],"resourceNames":["example.com/one"],"verbs":["sign"]}""");
        (await SendAsync("status", Signed)).Expect(200);
    }

    private Task<Answer> SendAsync(string subresource, string patch) =>
        _server.SendAsync(HttpMethod.Patch, $"{Requests}/r/{subresource}", patch, "application/merge-patch+json", _jane);

    private async Task GrantAsync(string name, string rule)
    {
        const string Rbac = "/apis/rbac.authorization.k8s.io/v1/";
        (await _server.PostAsync(Rbac + "clusterroles", $"{{\"metadata\":{{\"name\":\"{name}\"}},\"rules\":[{rule}]}}")).Expect(201);
        (await _server.PostAsync(Rbac + "clusterrolebindings", $"{{\"metadata\":{{\"name\":\"{name}\"}},\"roleRef\":{{\"apiGroup\":"
            + $"\"rbac.authorization.k8s.io\",\"kind\":\"ClusterRole\",\"name\":\"{name}\"}},\"subjects\":[{{\"kind\":\"User\",\"apiGroup\":"
            + "\"rbac.authorization.k8s.io\",\"name\":\"jane\"}]}")).Expect(201);
    }
}
