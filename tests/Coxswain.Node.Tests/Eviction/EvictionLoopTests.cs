using Coxswain.Api.Core.V1;
using Coxswain.Api.Meta.V1;
using Coxswain.Api.Scalars;
using Coxswain.Client.Events;
using Coxswain.Linux.Files;
using Coxswain.Node.Eviction;
using Coxswain.Node.Options;
using Coxswain.Node.Planning;
using Coxswain.Node.Pods;
using Coxswain.Node.Runtime;
using Coxswain.Node.Tests.Pods;
using Coxswain.Testing.Cluster;
using Coxswain.Testing.Time;
using Microsoft.Extensions.Logging.Abstractions;

namespace Coxswain.Node.Tests.Eviction;

public sealed class EvictionLoopTests : INodeMeter, IPodUsageMeter, IEvictablePods, IAsyncLifetime
{
    private const long Gigabyte = 1L << 30;

    private static readonly NodeMeasurement Plenty = new(
        8 * Gigabyte, new FileSystemUsage(100 * Gigabyte, 50 * Gigabyte, 1000, 900), new FileSystemUsage(100 * Gigabyte, 50 * Gigabyte, 1000, 900),
        30_000, 32_768);

    private static readonly EvictionOptions Options = new();

    private readonly VirtualTime _time = new();
    private readonly FakeRuntime _runtime;
    private readonly NodePressure _pressure;
    private readonly List<Pod> _pods = [];
    private readonly Dictionary<string, long> _used = [];
    private readonly List<(string Name, string Message)> _evicted = [];
    private TestApiServer _server = null!;
    private EvictionLoop _loop = null!;
    private NodeMeasurement _measured = Plenty;

    public EvictionLoopTests()
    {
        _runtime = new FakeRuntime(_time);
        _pressure = new NodePressure(Options.TransitionPeriod, _time);
    }

    public async Task InitializeAsync()
    {
        _server = await TestApiServer.StartAsync(TimeProvider.System);
        var events = new EventBroadcaster(_server.Admin, _time, NullLogger<EventBroadcaster>.Instance).RecorderFor("kubelet");
        _loop = new EvictionLoop(
            this, _pressure, Options, this, this, new ImageCollector(_runtime, this, Options, _time, NullLogger.Instance), events, _time,
            NullLogger.Instance);
    }

    public async Task DisposeAsync() => await _server.DisposeAsync();

    IReadOnlyList<Pod> IEvictablePods.Pods => _pods;

    [Fact]
    public async Task Memory_Short_EvictsThePodFurthestAboveItsRequestOfTheLeastPriority()
    {
        Add("modest", used: 100, requested: 200);
        Add("greedy", used: 900, requested: 100);
        Add("important", used: 5000, requested: 100, priority: 1000);
        Add("system", used: 9000, requested: 0, priority: 2_000_001_000);
        _measured = Plenty with { MemoryAvailableBytes = 50 << 20 };
        await _loop.LookAsync(CancellationToken.None);
        Assert.Equal(
            [("greedy", "The node was low on resource: memory. Threshold quantity: 100Mi, available: 50Mi. ")], _evicted);
        Assert.True(_pressure.Has(PressureKind.Memory));
    }

    [Fact]
    public async Task Memory_Short_WaitsForThePodEvictedLast()
    {
        Add("one", used: 900, requested: 0);
        Add("two", used: 800, requested: 0);
        _measured = Plenty with { MemoryAvailableBytes = 1 };
        await _loop.LookAsync(CancellationToken.None);
        await _loop.LookAsync(CancellationToken.None);
        Assert.Equal(["one"], _evicted.Select(evicted => evicted.Name));
        _pods[0] = _pods[0] with { Status = _pods[0].Status with { Phase = "Failed" } };
        await _loop.LookAsync(CancellationToken.None);
        Assert.Equal(["one", "two"], _evicted.Select(evicted => evicted.Name));
    }

    [Fact]
    public async Task Pressure_Over_IsToldUntilTheTransitionPeriodHasPassed()
    {
        _measured = Plenty with { Nodefs = Plenty.Nodefs with { InodesFree = 49 } };
        await _loop.LookAsync(CancellationToken.None);
        _measured = Plenty;
        _time.Advance(TimeSpan.FromSeconds(299));
        await _loop.LookAsync(CancellationToken.None);
        Assert.True(_pressure.Has(PressureKind.Disk));
        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.False(_pressure.Has(PressureKind.Disk));
    }

    [Fact]
    public async Task Disk_Short_RemovesUnusedImagesBeforeItEvicts()
    {
        Add("big", used: 1, requested: 0);
        await AddImageAsync("used", true);
        await AddImageAsync("unused", false);
        await _loop.LookAsync(CancellationToken.None);
        _time.Advance(TimeSpan.FromMinutes(2));
        _measured = Plenty with { Nodefs = Plenty.Nodefs with { AvailableBytes = 9 * Gigabyte } };
        _runtime.Before = (call, _, _) =>
        {
            _measured = call == "RemoveImage" ? Plenty : _measured;
            return Task.CompletedTask;
        };
        await _loop.LookAsync(CancellationToken.None);
        Assert.Equal(["used"], _runtime.Images.Keys);
        Assert.Empty(_evicted);
    }

    [Fact]
    public async Task Images_FileSystemFull_GoUntilItIsLessFull()
    {
        foreach (var name in (string[])["a", "b", "c"])
        {
            await AddImageAsync(name, false);
        }

        await _loop.LookAsync(CancellationToken.None);
        _time.Advance(TimeSpan.FromMinutes(5));
        _measured = Room(16);
        _runtime.Before = (call, _, _) =>
        {
            _measured = call == "RemoveImage" ? Room(20) : _measured;
            return Task.CompletedTask;
        };
        Assert.Equal(3, _runtime.Images.Count);
        _measured = Room(15);
        await _loop.LookAsync(CancellationToken.None);
        Assert.Equal(["b", "c"], _runtime.Images.Keys.Order());

        static NodeMeasurement Room(long percent) => Plenty with { Imagefs = Plenty.Imagefs with { AvailableBytes = percent * Gigabyte } };
    }

    [Fact]
    public async Task EmptyDir_AboveItsLimit_EvictsItsPod()
    {
        Add("full", used: 3 << 20, requested: 0, volumes: new Volume { Name = "cache", EmptyDir = new EmptyDirVolumeSource { SizeLimit = Quantity.Parse("2Mi") } });
        Add("fine", used: 1 << 20, requested: 0, volumes: new Volume { Name = "cache", EmptyDir = new EmptyDirVolumeSource { SizeLimit = Quantity.Parse("2Mi") } });
        await _loop.LookAsync(CancellationToken.None);
        Assert.Equal([("full", "Usage of EmptyDir volume \"cache\" exceeds the limit \"2Mi\". ")], _evicted);
    }

    [Fact]
    public async Task EphemeralStorage_AboveAContainersLimit_EvictsItsPod()
    {
        Add("full", used: 3 << 20, requested: 0);
        Add("fine", used: 1 << 20, requested: 0);
        for (var i = 0; i < _pods.Count; i++)
        {
            var container = _pods[i].Spec.Containers[0];
            var limits = new Dictionary<string, Quantity> { ["ephemeral-storage"] = Quantity.Parse("2Mi") };
            _pods[i] = _pods[i] with
            {
                Spec = _pods[i].Spec with { Containers = [container with { Resources = container.Resources with { Limits = limits } }] },
            };
        }

        await _loop.LookAsync(CancellationToken.None);
        Assert.Equal([("full", "Container main exceeded its local ephemeral storage limit \"2Mi\". ")], _evicted);
    }

    [Fact]
    public void Meter_OfThisMachine_MeasuresSomething()
    {
        var measured = new KernelNodeMeter("/", "/").Read();
        Assert.True(measured.MemoryAvailableBytes > 0 && measured.Nodefs.CapacityBytes > measured.Nodefs.AvailableBytes);
        Assert.InRange(measured.PidsAvailable, 1, measured.PidsMax);
    }

    NodeMeasurement INodeMeter.Read() => _measured;

    Task<long> IPodUsageMeter.MemoryAsync(Pod pod, CancellationToken cancellationToken) => Task.FromResult(_used[pod.Metadata.Name]);

    long IPodUsageMeter.Disk(Pod pod, CancellationToken cancellationToken) => _used[pod.Metadata.Name];

    Task<long> IPodUsageMeter.WritableLayerAsync(Pod pod, string container, CancellationToken cancellationToken) => Task.FromResult(_used[pod.Metadata.Name]);

    Task<long> IPodUsageMeter.ContainerDiskAsync(Pod pod, string container, CancellationToken cancellationToken) => Task.FromResult(_used[pod.Metadata.Name]);

    long IPodUsageMeter.EmptyDir(Pod pod, string volume, CancellationToken cancellationToken) => _used[pod.Metadata.Name];

    bool IEvictablePods.Evict(string podUid, PodFailure failure, TimeSpan grace)
    {
        _evicted.Add((podUid, failure.Message));
        return true;
    }

    private void Add(string name, long used, long requested, int priority = 0, params Volume[] volumes)
    {
        _used[name] = used;
        var requests = new Dictionary<string, Quantity> { ["memory"] = Quantity.FromValue(requested) };
        _pods.Add(Pod.Empty with
        {
            Metadata = ObjectMeta.Empty with { Name = name, Namespace = "default", Uid = name },
            Spec = PodSpec.Empty with
            {
                Priority = priority, Volumes = volumes,
                Containers = [new Container { Name = "main", Resources = ResourceRequirements.Empty with { Requests = requests } }],
            },
            Status = PodStatus.Empty with { Phase = "Running" },
        });
    }

    private async Task AddImageAsync(string name, bool used)
    {
        _runtime.Images[name] = new ImageInfo(used ? "sha256:1" : "sha256:" + name, [name], [], 1, "", "");
        if (used)
        {
            await _runtime.CreateContainerAsync("u", new ContainerConfig { Name = name, Attempt = 0, Image = name, LogPath = "" }, CancellationToken.None);
        }
    }
}
