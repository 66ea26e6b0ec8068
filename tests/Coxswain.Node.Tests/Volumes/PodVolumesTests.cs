using System.Diagnostics;
using Coxswain.Api.Authentication.V1;
using Coxswain.Api.Core.V1;
using Coxswain.Api.Meta.V1;
using Coxswain.Api.Scalars;
using Coxswain.Node.Files;
using Coxswain.Node.Objects;
using Coxswain.Node.Volumes;
using Coxswain.Testing.Time;

namespace Coxswain.Node.Tests.Volumes;

public sealed class PodVolumesTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("coxswain-volumes-").FullName;
    private readonly VirtualTime _time = new();
    private readonly FakePodObjects _objects = new();
    private readonly FakeMounts _mounts = new();
    private readonly FakeTokens _tokens;
    private readonly PodVolumes _volumes;

    public PodVolumesTests()
    {
        _tokens = new FakeTokens(_time);
        var allocatable = new Dictionary<string, Quantity> { ["cpu"] = Quantity.Parse("2") };
        _volumes = new PodVolumes(
            "u-1", new NodePaths(_directory, _directory), new VolumeContent(_objects, new PodTokenCache(_tokens, _time), "10.0.0.1", allocatable),
            null!, null!, _mounts, _time); // Neither claims nor images here.
    }

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public async Task Projected_ServiceAccount_HasTokenAuthorityAndNamespace()
    {
        _objects.ConfigMaps["kube-root-ca.crt"] = ConfigMapOf(("ca.crt", "PEM"));
        var directory = await SetUpAsync(PodWith(ServiceAccount()));
        Assert.Equal(("token-1", "PEM", "shop"), (Read(directory, "token"), Read(directory, "ca.crt"), Read(directory, "namespace")));
        Assert.Equal("644 0", await StatAsync(Path.Combine(directory, "token")));
        Assert.Equal(["..data", "ca.crt", "namespace", "token"], Directory.EnumerateFileSystemEntries(directory).Select(path => Path.GetFileName(path))
            .Where(name => !name.StartsWith("..2", StringComparison.Ordinal)).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Projected_TokenDue_IsRenewedInPlace()
    {
        _objects.ConfigMaps["kube-root-ca.crt"] = ConfigMapOf(("ca.crt", "PEM"));
        var pod = PodWith(ServiceAccount());
        var directory = await SetUpAsync(pod);
        _time.Advance(_volumes.RenewAt!.Value - _time.GetUtcNow() - TimeSpan.FromSeconds(1));
        await SetUpAsync(pod);
        Assert.Equal("token-1", Read(directory, "token"));
        _time.Advance(TimeSpan.FromSeconds(1));
        await SetUpAsync(pod);
        Assert.Equal("token-2", Read(directory, "token"));
        Assert.True(_volumes.RenewAt > _time.GetUtcNow());
    }

    [Fact]
    public async Task Projected_FsGroup_MayReadTheToken()
    {
        _objects.ConfigMaps["kube-root-ca.crt"] = ConfigMapOf(("ca.crt", "PEM"));
        var pod = PodWith(ServiceAccount());
        var directory = await SetUpAsync(pod with { Spec = pod.Spec with { SecurityContext = new PodSecurityContext { FsGroup = 2000 } } });
        Assert.Equal("640 2000", await StatAsync(Path.Combine(directory, "token")));
        Assert.Equal("2755 2000", await StatAsync(Path.Combine(directory, "..data")));
    }

    [Fact]
    public async Task Secret_Modes_AreExact()
    {
        _objects.Secrets["tls"] = Secret.Empty with { Data = new Dictionary<string, ReadOnlyMemory<byte>> { ["key"] = "k"u8.ToArray(), ["crt"] = "c"u8.ToArray() } };
        var directory = await SetUpAsync(PodWith(new Volume
        {
            Name = "v",
            Secret = new SecretVolumeSource
            {
                SecretName = "tls", DefaultMode = 0b100_000_000, Items = [new KeyToPath { Key = "key", Path = "deep/key.pem" }, new KeyToPath { Key = "crt", Path = "crt", Mode = 0b100_100_100 }],
            },
        }));
        Assert.Equal("400 0", await StatAsync(Path.Combine(directory, "deep/key.pem")));
        Assert.Equal("444 0", await StatAsync(Path.Combine(directory, "crt")));
    }

    [Fact]
    public async Task ConfigMap_PathWithDetours_IsWhereItLeads()
    {
        _objects.ConfigMaps["settings"] = ConfigMapOf(("a", "1"));
        var items = new[] { new KeyToPath { Key = "a", Path = "./deep//./a" }, new KeyToPath { Key = "a", Path = "./b" } };
        var pod = PodWith(new Volume { Name = "v", ConfigMap = new ConfigMapVolumeSource { Name = "settings", Items = items } });
        var directory = await SetUpAsync(pod);
        Assert.Equal(("1", "1"), (Read(directory, "deep/a"), Read(directory, "b")));
        Assert.Equal(directory, await SetUpAsync(pod));
    }

    [Theory]
    [InlineData("a/../../b")]
    [InlineData("..data")]
    [InlineData("/a")]
    [InlineData(".")]
    public async Task ConfigMap_PathOutsideOrTheWritersOwn_IsRefused(string path)
    {
        _objects.ConfigMaps["settings"] = ConfigMapOf(("a", "1"));
        var source = new ConfigMapVolumeSource { Name = "settings", Items = [new KeyToPath { Key = "a", Path = path }] };
        await Assert.ThrowsAsync<VolumeException>(() => SetUpAsync(PodWith(new Volume { Name = "v", ConfigMap = source })));
    }

    [Fact]
    public async Task Claim_GroupCannotBeGiven_IsTriedAgain()
    {
        var volumes = new PodVolumes(
            "u-1", new NodePaths(_directory, _directory),
            new VolumeContent(_objects, new PodTokenCache(_tokens, _time), "10.0.0.1", new Dictionary<string, Quantity>()),
            new FixedClaim("/proc/sys/kernel/random"), null!, _mounts, _time); // A file system that lets nobody change owners; no images.
        var pod = PodWith(new Volume { Name = "v", PersistentVolumeClaim = new PersistentVolumeClaimVolumeSource { ClaimName = "c" } });
        pod = pod with { Spec = pod.Spec with { SecurityContext = new PodSecurityContext { FsGroup = 2000 } } };
        await Assert.ThrowsAsync<VolumeException>(() => volumes.SetUpAsync(pod, [], default));
        await Assert.ThrowsAsync<VolumeException>(() => volumes.SetUpAsync(pod, [], default));
    }

    [Fact]
    public async Task ConfigMap_KeyAddedAndRemoved_IsFollowed()
    {
        _objects.ConfigMaps["settings"] = ConfigMapOf(("a", "1"), ("b", "2"));
        var pod = PodWith(new Volume { Name = "v", ConfigMap = new ConfigMapVolumeSource { Name = "settings" } });
        var directory = await SetUpAsync(pod);
        _objects.ConfigMaps["settings"] = ConfigMapOf(("a", "3"), ("c", "4"));
        await SetUpAsync(pod);
        Assert.Equal(("3", "4", false), (Read(directory, "a"), Read(directory, "c"), Path.Exists(Path.Combine(directory, "b"))));
    }

    [Fact]
    public async Task ConfigMap_Missing_IsRefusedUnlessOptional()
    {
        var source = new ConfigMapVolumeSource { Name = "none" };
        var exception = await Assert.ThrowsAsync<VolumeException>(() => SetUpAsync(PodWith(new Volume { Name = "v", ConfigMap = source })));
        Assert.Equal("MountVolume.SetUp failed for volume \"v\" : configmap \"none\" not found", exception.Message);
        var directory = await SetUpAsync(PodWith(new Volume { Name = "v", ConfigMap = source with { Optional = true } }));
        Assert.Empty(Directory.EnumerateFiles(Path.Combine(directory, "..data")));
    }

    [Fact]
    public async Task DownwardApi_Fields_AreWritten()
    {
        var directory = await SetUpAsync(PodWith(new Volume
        {
            Name = "v",
            DownwardAPI = new DownwardAPIVolumeSource
            {
                Items =
                [
                    new DownwardAPIVolumeFile { Path = "labels", FieldRef = new ObjectFieldSelector { FieldPath = "metadata.labels" } },
                    new DownwardAPIVolumeFile { Path = "cpu", ResourceFieldRef = new ResourceFieldSelector { ContainerName = "web", Resource = "limits.cpu" } },
                ],
            },
        }));
        Assert.Equal(("app=\"web\"\nsay=\"\\\"hi\\\"\"", "2"), (Read(directory, "labels"), Read(directory, "cpu")));
    }

    private async Task<string> SetUpAsync(Pod pod) => (await _volumes.SetUpAsync(pod, ["10.244.0.7"], CancellationToken.None))["v"];

    private static string Read(string directory, string name) => File.ReadAllText(Path.Combine(directory, name));

    /// <summary>What an API server's admission adds to pods.</summary>
    private static Volume ServiceAccount() => new()
    {
        Name = "v",
        Projected = new ProjectedVolumeSource
        {
            DefaultMode = 0b110_100_100,
            Sources =
            [
                new VolumeProjection { ServiceAccountToken = new ServiceAccountTokenProjection { Path = "token", ExpirationSeconds = 3607 } },
                new VolumeProjection { ConfigMap = new ConfigMapProjection { Name = "kube-root-ca.crt", Items = [new KeyToPath { Key = "ca.crt", Path = "ca.crt" }] } },
                new VolumeProjection
                {
                    DownwardAPI = new DownwardAPIProjection
                    {
                        Items = [new DownwardAPIVolumeFile { Path = "namespace", FieldRef = new ObjectFieldSelector { FieldPath = "metadata.namespace" } }],
                    },
                },
            ],
        },
    };

    private static Pod PodWith(Volume volume) => Pod.Empty with
    {
        Metadata = ObjectMeta.Empty with { Name = "web-1", Namespace = "shop", Uid = "u-1", Labels = new Dictionary<string, string> { ["say"] = "\"hi\"", ["app"] = "web" } },
        Spec = PodSpec.Empty with { Containers = [new Container { Name = "web" }], Volumes = [volume] },
    };

    private static ConfigMap ConfigMapOf(params (string Key, string Value)[] entries) =>
        ConfigMap.Empty with { Data = entries.ToDictionary(entry => entry.Key, entry => entry.Value) };

    /// <summary>Mode and group of what a path leads to.</summary>
    private static async Task<string> StatAsync(string path)
    {
        using var stat = Process.Start(new ProcessStartInfo("stat", ["-L", "-c", "%a %g", path]) { RedirectStandardOutput = true })!; // Starts or throws.
        var text = await stat.StandardOutput.ReadToEndAsync();
        await stat.WaitForExitAsync();
        return text.Trim();
    }

    private sealed class FakeTokens(TimeProvider time) : IPodTokens
    {
        private int _count;

        public Task<TokenRequestStatus> RequestAsync(Pod pod, ServiceAccountTokenProjection projection, CancellationToken cancellationToken) =>
            Task.FromResult(new TokenRequestStatus { Token = $"token-{++_count}", ExpirationTimestamp = time.GetUtcNow().AddHours(1) });
    }

    private sealed class FixedClaim(string path) : IClaimedVolumes
    {
        public Task<string> PathAsync(string @namespace, string claimName, CancellationToken cancellationToken) => Task.FromResult(path);
    }
}
