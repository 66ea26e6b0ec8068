using Coxswain.Api.Core.V1;
using Coxswain.Api.Meta.V1;
using Coxswain.Client;
using Coxswain.Linux.Mounts;
using Coxswain.Node.Options;
using Coxswain.Node.Runtime;
using Coxswain.Node.Tests.Agent;
using Coxswain.Testing.Cluster;
using Coxswain.Testing.Time;
using Microsoft.Extensions.Logging.Abstractions;

namespace Coxswain.Node.Tests.Pods;

/// <summary>A node agent over a runtime in memory and the real API server, on a clock of its own that the test moves.</summary>
internal sealed class FakeNode : IAsyncDisposable
{
    public const string Image = "shop/web:1";

    private readonly string _directory = Directory.CreateTempSubdirectory("coxswain-fake-node-").FullName;
    private CancellationTokenSource _stopping = new();
    private Task _running = Task.CompletedTask;

    private readonly TestApiServer _api;

    private readonly IPodTraffic? _traffic;

    private FakeNode(TestApiServer api, IPodTraffic? traffic)
    {
        (_api, _traffic) = (api, traffic);
        Runtime = new FakeRuntime(Time);
        Options = new NodeAgentOptions
        {
            NodeName = TestNode.NodeName,
            NodeAddress = "10.0.0.1",
            DataDirectory = Path.Combine(_directory, "node"),
            PodLogsDirectory = Path.Combine(_directory, "logs"),
            Server = null,
            Eviction = EvictionOptions.None,
        };
        Runtime.Images[Image] = new Coxswain.Node.Runtime.ImageInfo("sha256:1", [Image], [], 1, "", "");
    }

    public VirtualTime Time { get; } = new();

    /// <summary>An administrator's; the agent has its node's.</summary>
    public IKubeClient Client => _api.Admin;

    public FakeRuntime Runtime { get; }

    public NodeAgentOptions Options { get; init; }

    public static async Task<FakeNode> StartAsync(Action<FakeRuntime>? prepare = null, IPodTraffic? traffic = null)
    {
        var node = new FakeNode(await NodeApiServer.StartAsync(), traffic);
        prepare?.Invoke(node.Runtime);
        node.Run();
        return node;
    }

    /// <summary>Another agent takes the place of the one that runs.</summary>
    public async Task RestartAsync()
    {
        await StopAsync();
        Run();
    }

    public async Task StopAsync()
    {
        await _stopping.CancelAsync();
        await _running;
        _stopping.Dispose();
        _stopping = new CancellationTokenSource();
    }

    public Task<Pod> CreateAsync(string name = "web", Func<PodSpec, PodSpec>? change = null, Func<Container, Container>? changeContainer = null)
    {
        var container = new Container { Name = "main", Image = Image, ImagePullPolicy = "IfNotPresent" };
        var spec = PodSpec.Empty with
        {
            NodeName = TestNode.NodeName, RestartPolicy = "Always", DnsPolicy = "ClusterFirst", TerminationGracePeriodSeconds = 30,
            Containers = [changeContainer?.Invoke(container) ?? container],
        };
        return Client.CreateAsync(
            Pod.Empty with
            {
                Metadata = ObjectMeta.Empty with { Name = name, Namespace = "default" },
                Spec = change?.Invoke(spec) ?? spec,
            },
            TestNode.Timeout);
    }

    public Task DeleteAsync(string name = "web", int graceSeconds = 30) =>
        Client.DeleteAsync<Pod>("default", name, new DeleteOptions { GracePeriodSeconds = graceSeconds }, TestNode.Timeout);

    public Task<Pod?> WaitForAsync(Func<Pod?, bool> wanted, string name = "web") => PodWatch.WaitForAsync(Client, name, wanted);

    public Task<Pod?> WaitForReadyAsync(string name = "web") => WaitForAsync(PodWatch.IsReady, name);

    /// <summary>Waits until the Node's Ready condition is as wanted.</summary>
    public async Task<NodeCondition> WaitForNodeAsync(Func<NodeCondition, bool> wanted)
    {
        var cancellation = TestNode.Timeout;
        await foreach (var change in Client.WatchAsync<Api.Core.V1.Node>(null, new WatchQuery("0"), cancellation))
        {
            if (change.Object.Status.Conditions.FirstOrDefault(condition => condition.Type == "Ready") is { } ready && wanted(ready)
                && await Client.GetAsync<Api.Core.V1.Node>(null, TestNode.NodeName, cancellation) is { } now
                && now.Metadata.ResourceVersion == change.Object.Metadata.ResourceVersion)
            {
                return ready;
            }
        }

        throw new InvalidOperationException("the watch ended");
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        _stopping.Dispose();
        await _api.DisposeAsync();
        new KernelMounts().UnmountBelow(_directory);
        Directory.Delete(_directory, recursive: true);
    }

    private void Run()
    {
        var agent = new NodeAgent(Options, NodeApiServer.NodeClient(_api), Runtime, new KernelMounts(), Time, new Random(1), NullLoggerFactory.Instance, _traffic);
        _running = agent.RunAsync(_stopping.Token);
    }
}
