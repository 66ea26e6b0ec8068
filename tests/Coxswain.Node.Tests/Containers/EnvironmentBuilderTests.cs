using System.Text;
using Coxswain.Api.Core.V1;
using Coxswain.Api.Meta.V1;
using Coxswain.Api.Scalars;
using Coxswain.Node.Containers;
using Coxswain.Node.PodFacts;

namespace Coxswain.Node.Tests.Containers;

public sealed class EnvironmentBuilderTests
{
    private static readonly IReadOnlyDictionary<string, Quantity> Allocatable =
        new Dictionary<string, Quantity> { ["cpu"] = Quantity.Parse("2"), ["memory"] = Quantity.Parse("8Gi") };

    private readonly FakePodObjects _objects = new();

    [Theory]
    [InlineData("metadata.name", "web-1")]
    [InlineData("metadata.namespace", "shop")]
    [InlineData("metadata.uid", "u-1")]
    [InlineData("metadata.labels['app.kubernetes.io/name']", "web")]
    [InlineData("metadata.annotations['none']", "")]
    [InlineData("spec.nodeName", "n1")]
    [InlineData("spec.serviceAccountName", "robot")]
    [InlineData("status.hostIP", "10.0.0.1")]
    [InlineData("status.podIP", "10.244.0.7")]
    public async Task FieldRef_Path_IsThePodsField(string path, string value) =>
        Assert.Equal(value, (await BuildAsync(From(new EnvVarSource { FieldRef = new ObjectFieldSelector { FieldPath = path } })))["V"]);

    [Theory]
    [InlineData("limits.memory", null, "134217728")]
    [InlineData("limits.memory", "1Mi", "128")]
    [InlineData("requests.cpu", null, "1")]
    [InlineData("requests.cpu", "1m", "250")]
    [InlineData("requests.memory", "1Mi", "128")]
    [InlineData("limits.cpu", null, "2")]
    public async Task ResourceFieldRef_Resource_IsRoundedUpByItsDivisor(string resource, string? divisor, string value)
    {
        var selector = new ResourceFieldSelector { Resource = resource, Divisor = divisor is null ? default : Quantity.Parse(divisor) };
        Assert.Equal(value, (await BuildAsync(From(new EnvVarSource { ResourceFieldRef = selector })))["V"]);
    }

    [Fact]
    public async Task KeyRefs_Present_AreTheirValues()
    {
        _objects.Secrets["db"] = SecretOf(("password", "s3cret"));
        _objects.ConfigMaps["settings"] = ConfigMapOf(("mode", "fast"));
        Assert.Equal("s3cret", (await BuildAsync(From(new EnvVarSource { SecretKeyRef = new SecretKeySelector { Name = "db", Key = "password" } })))["V"]);
        Assert.Equal("fast", (await BuildAsync(From(new EnvVarSource { ConfigMapKeyRef = new ConfigMapKeySelector { Name = "settings", Key = "mode" } })))["V"]);
    }

    [Fact]
    public async Task KeyRefs_Missing_AreRefusedUnlessOptional()
    {
        _objects.Secrets["db"] = SecretOf(("password", "s3cret"));
        var missing = new SecretKeySelector { Name = "db", Key = "user" };
        Assert.Equal("couldn't find key user in Secret shop/db", await RefusalAsync(new EnvVarSource { SecretKeyRef = missing }));
        Assert.Equal("secret \"none\" not found", await RefusalAsync(new EnvVarSource { SecretKeyRef = missing with { Name = "none" } }));
        Assert.DoesNotContain("V", await BuildAsync(From(new EnvVarSource { SecretKeyRef = missing with { Optional = true } })));
        Assert.DoesNotContain("V", await BuildAsync(From(new EnvVarSource { SecretKeyRef = missing with { Name = "none", Optional = true } })));
    }

    [Fact]
    public async Task EnvFrom_Several_LaterOnesAndEnvWin()
    {
        _objects.ConfigMaps["settings"] = ConfigMapOf(("A", "map"), ("B", "map"), ("C", "map"), ("1st", "x"), ("b=d", "x"));
        _objects.Secrets["db"] = SecretOf(("B", "secret"), ("C", "secret"));
        var variables = await BuildAsync(new Container
        {
            Name = "web",
            EnvFrom =
            [
                new EnvFromSource { ConfigMapRef = new ConfigMapEnvSource { Name = "settings" } },
                new EnvFromSource { SecretRef = new SecretEnvSource { Name = "db" } },
                new EnvFromSource { Prefix = "P_", ConfigMapRef = new ConfigMapEnvSource { Name = "settings" } },
                new EnvFromSource { SecretRef = new SecretEnvSource { Name = "none", Optional = true } },
            ],
            Env = [new EnvVar { Name = "C", Value = "own" }, new EnvVar { Name = "D", Value = "$(A)-$(C)-$(P_B)-$(NONE)-$$(A)" }],
        });
        Assert.Equal(("map", "secret", "own", "map"), (variables["A"], variables["B"], variables["C"], variables["P_A"]));
        Assert.Equal("map-own-map-$(NONE)-$(A)", variables["D"]);
        Assert.Equal(("x", "x"), (variables["1st"], variables["P_1st"]));
        Assert.DoesNotContain("b=d", variables);
    }

    [Fact]
    public async Task Services_OfTheNamespace_AreAddedWithoutReplacing()
    {
        _objects.Services.Add(ServiceOf("default", "kubernetes", "10.96.0.1", 443));
        _objects.Services.Add(ServiceOf("shop", "db", "10.96.0.9", 5432));
        var container = new Container { Name = "web", Env = [new EnvVar { Name = "DB_SERVICE_PORT", Value = "mine" }] };
        var variables = await BuildAsync(container);
        Assert.Equal(("10.96.0.1", "10.96.0.9", "mine"), (variables["KUBERNETES_SERVICE_HOST"], variables["DB_SERVICE_HOST"], variables["DB_SERVICE_PORT"]));
        variables = await BuildAsync(container, links: false);
        Assert.Equal("10.96.0.1", variables["KUBERNETES_SERVICE_HOST"]);
        Assert.DoesNotContain("DB_SERVICE_HOST", variables);
    }

    private async Task<Dictionary<string, string>> BuildAsync(Container container, bool links = true)
    {
        var pod = Pod.Empty with
        {
            Metadata = ObjectMeta.Empty with
            {
                Name = "web-1", Namespace = "shop", Uid = "u-1", Labels = new Dictionary<string, string> { ["app.kubernetes.io/name"] = "web" },
            },
            Spec = PodSpec.Empty with { NodeName = "n1", ServiceAccountName = "robot", Containers = [container], EnableServiceLinks = links },
        };
        var built = await new EnvironmentBuilder(_objects, "10.0.0.1", Allocatable).BuildAsync(pod, container, ["10.244.0.7"], CancellationToken.None);
        return built.ToDictionary();
    }

    private async Task<string> RefusalAsync(EnvVarSource source) =>
        (await Assert.ThrowsAsync<ContainerConfigException>(() => BuildAsync(From(source)))).Message;

    private static Container From(EnvVarSource source) => new()
    {
        Name = "web",
        Env = [new EnvVar { Name = "V", ValueFrom = source }],
        Resources = ResourceRequirements.Empty with
        {
            Limits = new Dictionary<string, Quantity> { ["memory"] = Quantity.Parse("128Mi") },
            Requests = new Dictionary<string, Quantity> { ["cpu"] = Quantity.Parse("250m") },
        },
    };

    private static ConfigMap ConfigMapOf(params (string Key, string Value)[] entries) =>
        ConfigMap.Empty with { Data = entries.ToDictionary(entry => entry.Key, entry => entry.Value) };

    private static Secret SecretOf(params (string Key, string Value)[] entries) =>
        Secret.Empty with { Data = entries.ToDictionary(entry => entry.Key, entry => (ReadOnlyMemory<byte>)Encoding.UTF8.GetBytes(entry.Value)) };

    private static Service ServiceOf(string @namespace, string name, string address, int port) => Service.Empty with
    {
        Metadata = ObjectMeta.Empty with { Namespace = @namespace, Name = name },
        Spec = ServiceSpec.Empty with { ClusterIP = address, Ports = [new ServicePort { Port = port, Protocol = "TCP" }] },
    };
}
