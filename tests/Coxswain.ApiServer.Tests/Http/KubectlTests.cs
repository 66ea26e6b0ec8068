using System.Diagnostics;

namespace Coxswain.ApiServer.Tests.Http;

/// <summary>The main flows with the real client, an old one and a new one.</summary>
public sealed class KubectlTests : IAsyncLifetime
{
    private TestServer _server = null!;

    public async Task InitializeAsync()
    {
        _server = await TestServer.StartAsync();
        var admin = _server.Pki.Admin();
        await File.WriteAllTextAsync(PathOf("admin.crt"), admin.CertificatePem);
        await File.WriteAllTextAsync(PathOf("admin.key"), admin.KeyPem);
        await File.WriteAllTextAsync(PathOf("kubeconfig"), $$$"""
            apiVersion: v1
            kind: Config
            current-context: test
            contexts: [{name: test, context: {cluster: test, user: admin} }]
            clusters: [{name: test, cluster: {server: "{{{_server.Address}}}", certificate-authority: "{{{PathOf("pki/ca.crt")}}}"} }]
            users: [{name: admin, user: {client-certificate: "{{{PathOf("admin.crt")}}}", client-key: "{{{PathOf("admin.key")}}}"} }]
            """);
        await File.WriteAllTextAsync(PathOf("web.yaml"), """
            apiVersion: apps/v1
            kind: Deployment
            metadata: {name: web}
            spec:
              replicas: 2
              selector: {matchLabels: {app: web}}
              template:
                metadata: {labels: {app: web}}
                spec: {containers: [{name: c, image: nginx, ports: [{containerPort: 80}]}]}
            """);
    }

    public async Task DisposeAsync() => await _server.DisposeAsync();

    [Theory]
    [InlineData("COXSWAIN_TEST_KUBECTL_OLD")]
    [InlineData("COXSWAIN_TEST_KUBECTL_NEW")]
    public async Task Kubectl_EverydayVerbs_SayWhatTheySay(string variable)
    {
        var kubectl = Environment.GetEnvironmentVariable(variable)
            ?? throw new InvalidOperationException($"{variable} is not set: ./test sets it");
        await ExpectAsync(kubectl, "deployment.apps/web created", "apply", "--validate=false", "-f", PathOf("web.yaml"));
        await ExpectAsync(kubectl, "deployment.apps/web unchanged", "apply", "--validate=false", "-f", PathOf("web.yaml"));
        await ExpectAsync(kubectl, "deployment.apps/web scaled", "scale", "deployment", "web", "--replicas=3");
        await ExpectAsync(kubectl, "deployment.apps/web configured", "apply", "--validate=false", "-f", PathOf("web.yaml"));
        await ExpectAsync(kubectl, "deployment.apps/web image updated", "set", "image", "deployment/web", "c=nginx:2");
        await ExpectAsync(kubectl, "service/web exposed", "expose", "deployment", "web", "--type=NodePort", "--port=80");
        await ExpectAsync(kubectl, "deployment.apps/api created", "create", "deployment", "api", "--image=nginx");
        await ExpectAsync(kubectl, "secret/s created", "create", "secret", "generic", "s", "--from-literal=a=b");
        await ExpectAsync(kubectl, "yes", "auth", "can-i", "create", "pods");
        var table = await RunAsync(kubectl, "get", "deployments,services", "-o", "wide");
        Assert.Matches(@"deployment.apps/web\s+0/2\s+0\s+0\s+\d+s\s+c\s+nginx:2\s+app=web", table);
        Assert.Matches(@"service/kubernetes\s+ClusterIP\s+10\.96\.0\.1\s+<none>\s+443/TCP", table);
        Assert.Contains("Replicas:               2 desired", await RunAsync(kubectl, "describe", "deployment", "web"));
        await ExpectAsync(kubectl, "deployment.apps \"web\" deleted", "delete", "-f", PathOf("web.yaml"));
        Assert.Contains("deployments.apps \"web\" not found", await RunAsync(kubectl, "get", "deployment", "web"));
    }

    [Theory]
    [InlineData("COXSWAIN_TEST_KUBECTL_OLD")]
    [InlineData("COXSWAIN_TEST_KUBECTL_NEW")]
    public async Task Kubectl_Explain_SaysWhatFieldsAreFor(string variable)
    {
        var kubectl = Environment.GetEnvironmentVariable(variable)
            ?? throw new InvalidOperationException($"{variable} is not set: ./test sets it");
        Assert.Contains("Whether ended containers start again: Always, OnFailure or Never.", await RunAsync(kubectl, "explain", "pod.spec.restartPolicy"));
        var strategy = await RunAsync(kubectl, "explain", "deployment.spec.strategy");
        Assert.Contains("How old Pods are replaced by new ones.", strategy);
        Assert.Contains("RollingUpdate step by step, or Recreate all at once.", strategy);
        Assert.Contains("<map[string]", await RunAsync(kubectl, "explain", "pod.spec.containers.resources.limits"));
        Assert.Contains("sizeLimit", await RunAsync(kubectl, "explain", "pod", "--recursive"));
    }

    [Theory]
    [InlineData("COXSWAIN_TEST_KUBECTL_OLD")]
    [InlineData("COXSWAIN_TEST_KUBECTL_NEW")]
    public async Task Kubectl_MeetsAPolicy_AndIsToldWhy(string variable)
    {
        var kubectl = Environment.GetEnvironmentVariable(variable)
            ?? throw new InvalidOperationException($"{variable} is not set: ./test sets it");
        await File.WriteAllTextAsync(PathOf("policy.yaml"), """
            apiVersion: admissionregistration.k8s.io/v1
            kind: ValidatingAdmissionPolicy
            metadata: {name: few}
            spec:
              matchConstraints:
                resourceRules: [{apiGroups: [apps], apiVersions: [v1], operations: [CREATE, UPDATE], resources: [deployments]}]
              validations: [{expression: object.spec.replicas <= 5, messageExpression: "'at most 5, not ' + string(object.spec.replicas)"}]
            ---
            apiVersion: admissionregistration.k8s.io/v1
            kind: ValidatingAdmissionPolicyBinding
            metadata: {name: few}
            spec: {policyName: few, validationActions: [Deny]}
            """);
        await ExpectAsync(kubectl, "validatingadmissionpolicy.admissionregistration.k8s.io/few created", "apply", "-f", PathOf("policy.yaml"));
        await ExpectAsync(kubectl, "deployment.apps/web created", "apply", "-f", PathOf("web.yaml"));
        var refused = await RunAsync(kubectl, "patch", "deployment", "web", "-p", "{\"spec\":{\"replicas\":6}}");
        Assert.Contains("ValidatingAdmissionPolicy 'few' with binding 'few' denied request: at most 5, not 6", refused);
        await ExpectAsync(kubectl, "validatingadmissionpolicybinding.admissionregistration.k8s.io/few unchanged", "apply", "-f", PathOf("policy.yaml"));
    }

    private string PathOf(string file) => Path.Combine(_server.Folder, file);

    private async Task ExpectAsync(string kubectl, string line, params string[] arguments) =>
        Assert.Contains(line, (await RunAsync(kubectl, arguments)).Split('\n').Select(text => text.Trim()));

    private async Task<string> RunAsync(string kubectl, params string[] arguments)
    {
        var start = new ProcessStartInfo(kubectl, arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["KUBECONFIG"] = PathOf("kubeconfig");
        start.Environment["HOME"] = _server.Folder;
        using var process = Process.Start(start)!;
        var error = process.StandardError.ReadToEndAsync();
        var output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        return output + await error;
    }
}
