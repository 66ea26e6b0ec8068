using Coxswain.Api.Core.V1;
using Coxswain.Api.Errors;
using Coxswain.Api.Meta.V1;
using Coxswain.Api.NodeClasses.V1;
using Coxswain.Api.Scalars;
using Coxswain.Client;

namespace Coxswain.ApiServer.Tests.Admission;

public sealed class PodAdmissionTests : IAsyncLifetime
{
    private TestServer _server = null!;

    public async Task InitializeAsync() => _server = await TestServer.StartAsync();

    public async Task DisposeAsync() => await _server.DisposeAsync();

    [Fact]
    public async Task Create_Pod_GetsAccountTokenAndTolerations()
    {
        var pod = await _server.Admin.CreateAsync(APod("default"), default);
        Assert.Equal("default", pod.Spec.ServiceAccountName);
        var volume = Assert.Single(pod.Spec.Volumes);
        Assert.Matches("^kube-api-access-[a-z0-9]{5}$", volume.Name);
        Assert.Equal(3607, volume.Projected!.Sources[0].ServiceAccountToken!.ExpirationSeconds);
        Assert.Equal("/var/run/secrets/kubernetes.io/serviceaccount", Assert.Single(pod.Spec.Containers[0].VolumeMounts).MountPath);
        Assert.Equal(["node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"], pod.Spec.Tolerations.Select(toleration => toleration.Key));
        Assert.Equal("Pending", pod.Status.Phase);
        Assert.Equal("BestEffort", pod.Status.QosClass);
        Assert.Equal(0, pod.Spec.Priority);
    }

    [Fact]
    public async Task Create_PodInANewNamespace_WaitsForItsAccount()
    {
        await _server.Admin.CreateAsync(new Namespace { Metadata = new ObjectMeta { Name = "n" } }, default);
        var creating = _server.Admin.CreateAsync(APod("n"), default);
        await _server.Admin.CreateAsync(new ServiceAccount { Metadata = new ObjectMeta { Name = "default", Namespace = "n" } }, default);
        Assert.Equal("default", (await creating).Spec.ServiceAccountName);
    }

    [Theory]
    [InlineData("nobody", "", "error looking up service account default/nobody: serviceaccount \"nobody\" not found")]
    [InlineData("", "unknown", "no PriorityClass with name unknown was found")]
    public async Task Create_PodThatNamesWhatIsNotThere_IsForbidden(string account, string priority, string message)
    {
        var pod = APod("default");
        var refused = await Assert.ThrowsAsync<KubeStatusException>(() => _server.Admin.CreateAsync(
            pod with { Spec = pod.Spec with { ServiceAccountName = account, PriorityClassName = priority } }, default));
        Assert.Contains(message, refused.Message);
        Assert.Equal(403, refused.Status.Code);
    }

    [Fact]
    public async Task Create_PodWithARuntimeClass_GetsItsOverheadAndPlace()
    {
        await _server.Admin.CreateAsync(
            new RuntimeClass
            {
                Metadata = new ObjectMeta { Name = "sandboxed" },
                Handler = "runc",
                Overhead = new Overhead { PodFixed = new Dictionary<string, Quantity> { ["cpu"] = Quantity.Parse("10m") } },
                Scheduling = new Scheduling { NodeSelector = new Dictionary<string, string> { ["kind"] = "sandbox" } },
            },
            default);
        var pod = APod("default");
        var created = await _server.Admin.CreateAsync(pod with { Spec = pod.Spec with { RuntimeClassName = "sandboxed" } }, default);
        Assert.Equal("10m", Assert.Single(created.Spec.Overhead).Value.ToString());
        Assert.Equal(new KeyValuePair<string, string>("kind", "sandbox"), Assert.Single(created.Spec.NodeSelector));
        var refused = await Assert.ThrowsAsync<KubeStatusException>(() => _server.Admin.CreateAsync(
            pod with { Metadata = pod.Metadata with { Name = "q" }, Spec = pod.Spec with { RuntimeClassName = "none" } }, default));
        Assert.Equal((403, true), (refused.Status.Code, refused.Message.Contains("RuntimeClass \"none\" not found", StringComparison.Ordinal)));
    }

    [Theory]
    [InlineData("", "Pod Overhead set without corresponding RuntimeClass defined Overhead")]
    [InlineData("plain", "Pod Overhead set without corresponding RuntimeClass defined Overhead")]
    [InlineData("heavy", "Pod's Overhead doesn't match RuntimeClass's defined Overhead")]
    public async Task Create_PodWithAnOverheadOfItsOwn_IsForbidden(string runtimeClass, string message)
    {
        var plain = new RuntimeClass { Metadata = new ObjectMeta { Name = "plain" }, Handler = "runc" };
        await _server.Admin.CreateAsync(plain, default);
        await _server.Admin.CreateAsync(
            plain with
            {
                Metadata = new ObjectMeta { Name = "heavy" },
                Overhead = new Overhead { PodFixed = new Dictionary<string, Quantity> { ["cpu"] = Quantity.Parse("1") } },
            },
            default);
        var pod = APod("default");
        var refused = await Assert.ThrowsAsync<KubeStatusException>(() => _server.Admin.CreateAsync(
            pod with
            {
                Spec = pod.Spec with
                {
                    RuntimeClassName = runtimeClass.Length == 0 ? null : runtimeClass,
                    Overhead = new Dictionary<string, Quantity> { ["cpu"] = Quantity.Parse("10m") },
                },
            },
            default));
        Assert.Equal((403, true), (refused.Status.Code, refused.Message.Contains(message, StringComparison.Ordinal)));
    }

    [Theory]
    [InlineData("\"serviceAccountName\":\"strong\"", "may not reference service accounts")]
    [InlineData("\"imagePullSecrets\":[{\"name\":\"s\"}]", "may not reference secrets")]
    [InlineData("\"volumes\":[{\"name\":\"v\",\"projected\":{\"sources\":[{\"serviceAccountToken\":{\"path\":\"t\"}}]}}]", "may not use ServiceAccountToken")]
    public async Task Create_MirrorPod_HasNothingOfAnAccount(string spec, string message)
    {
        const string Pods = "/api/v1/namespaces/default/pods";
        const string Opening = "{\"metadata\":{\"name\":\"p\",\"annotations\":{\"kubernetes.io/config.mirror\":\"x\"}},\"spec\":{\"containers\":[{\"name\":\"c\",\"image\":\"i\"}]";
        Assert.Contains(message, (await _server.PostAsync(Pods, $"{Opening},{spec}}}}}")).Expect(403).Message, StringComparison.Ordinal);
        Assert.Null((await _server.PostAsync(Pods, Opening + "}}")).Expect(201).Json["spec"]!["serviceAccountName"]);
    }

    [Fact]
    public async Task Review_InAMissingNamespace_DoesNotTellThatItIsMissing() =>
        (await _server.PostAsync("/apis/authorization.k8s.io/v1/namespaces/none/localsubjectaccessreviews", """
            {"metadata":{"namespace":"none"},"spec":{"user":"jane","resourceAttributes":{"namespace":"none","verb":"get","resource":"pods"}}}
            """)).Expect(201);

    [Fact]
    public async Task Create_InAMissingNamespace_IsNotFound()
    {
        var refused = await Assert.ThrowsAsync<KubeStatusException>(() => _server.Admin.CreateAsync(APod("none"), default));
        Assert.Equal("namespaces \"none\" not found", refused.Message);
    }

    private static Pod APod(string @namespace) => new()
    {
        Metadata = new ObjectMeta { Name = "p", Namespace = @namespace },
        Spec = new PodSpec { Containers = [new Container { Name = "c", Image = "i" }] },
    };
}
