using System.Formats.Tar;
using System.Net;
using System.Security.Cryptography;
using Coxswain.Api.Core.V1;
using Coxswain.Api.Meta.V1;
using Coxswain.Client;
using Coxswain.Engine;
using Coxswain.Engine.Hosting;
using Coxswain.Engine.Images.Archives;
using Coxswain.Engine.Images.Stores;
using Coxswain.Linux.Mounts;
using Coxswain.Node.Files;
using Coxswain.Node.Options;
using Coxswain.Node.Runtime;
using Coxswain.Testing.Cluster;
using Microsoft.Extensions.Logging.Abstractions;
using ImageConfig = Coxswain.Engine.Images.Documents.ContainerConfig;

namespace Coxswain.Node.Tests.Agent;

/// <summary>A node agent over a real engine and a real API server, with everything its own and gone afterwards.</summary>
internal sealed class TestNode : IAsyncDisposable
{
    public const string Image = "test/busybox:1";
    public const string NodeName = "test-node";

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private const string Prefix = "coxswain-node-";

    private static readonly Task Swept = SweepAsync();

    private readonly string _directory;
    private static int _lastThird = RandomNumberGenerator.GetInt32(0, 256);

    private readonly EngineOptions _engineOptions;
    private ContainerEngine _engine;
    private CancellationTokenSource _stopping = new();
    private Task _running = Task.CompletedTask;
    private EnginePodRuntime? _runtime;
    private NodeAgent? _agent;
    private TestApiServer? _api;

    private TestNode(string name, int third, NodeServerOptions? server = null)
    {
        _directory = Path.Combine(Path.GetTempPath(), Prefix + name);
        _engineOptions = new EngineOptions
        {
            DataDirectory = Path.Combine(_directory, "data"),
            RunDirectory = Path.Combine(_directory, "run"),
            CgroupParent = "/coxswain-" + name,
            NftablesTable = "coxswain-" + name,
            Network = new ContainerNetworkOptions
            {
                BridgeName = "cx" + name,
                Subnet = IPNetwork.Parse($"10.205.{third}.0/24"),
                ClusterNetworks = [IPNetwork.Parse($"10.205.{third}.0/24"), IPNetwork.Parse($"10.105.{third}.0/24")],
            },
        };
        _engine = new ContainerEngine(_engineOptions, TimeProvider.System, NullLoggerFactory.Instance);
        Options = new NodeAgentOptions
        {
            NodeName = NodeName,
            NodeAddress = $"10.205.{third}.1",
            DataDirectory = Path.Combine(_directory, "node"),
            PodLogsDirectory = Path.Combine(_directory, "logs"),
            Server = server,
            Eviction = EvictionOptions.None,
        };
    }

    /// <summary>An administrator's; the agent has its node's.</summary>
    public IKubeClient Client => _api!.Admin; // Set by starting.

    public NodeAgentOptions Options { get; }

    public IPodRuntime Runtime => _runtime!; // Set by starting.

    /// <summary>Of the node's endpoint, once any pod has a status.</summary>
    public int Port => _agent!.Port; // Set by starting.

    /// <summary>What execs that run have on disk.</summary>
    public string ExecDirectory => Path.Combine(_engineOptions.RunDirectory, "execs");

    public static CancellationToken Timeout => new CancellationTokenSource(Patience).Token;

    /// <param name="server">Null for a node without an endpoint.</param>
    public static async Task<TestNode> StartAsync(NodeServerOptions? server = null)
    {
        await Swept;
        // Never the addresses of another test: the engine would refuse them.
        var third = (Interlocked.Increment(ref _lastThird) & 0x7FFFFFFF) % 256;
        var node = new TestNode("n" + RandomNumberGenerator.GetHexString(5, lowercase: true), third, server);
        Directory.CreateDirectory(node._directory);
        await File.WriteAllTextAsync(Path.Combine(node._directory, "owner"), $"{Environment.ProcessId} {third}", Timeout);
        node._api = await NodeApiServer.StartAsync();
        var images = await node.OpenAsync();
        using var archive = Root();
        await new RootFilesystemImporter(images).ImportAsync(archive, Image, new ImageConfig { Env = ["PATH=/bin"] }, "", Timeout);
        node.Run();
        return node;
    }

    /// <summary>Stops agent and engine, which leaves pods running, and starts others over the same directories.</summary>
    public async Task RestartAsync()
    {
        await StopAsync();
        await _engine.DisposeAsync();
        _engine = new ContainerEngine(_engineOptions, TimeProvider.System, NullLoggerFactory.Instance);
        await OpenAsync();
        Run();
    }

    public async Task StopAsync()
    {
        await _stopping.CancelAsync();
        await _running;
        _stopping.Dispose();
        _stopping = new CancellationTokenSource();
        _running = Task.CompletedTask;
    }

    /// <summary>What a reboot leaves: no process, no network, and what is on disk. The node runs afterwards.</summary>
    public async Task RebootAsync()
    {
        await StopAsync();
        await Task.WhenAll((await Runtime.ListContainersAsync(Timeout)).Where(container => container.State == ContainerRunState.Running)
            .Select(container => Runtime.StopContainerAsync(container.Id, TimeSpan.Zero, Timeout)));
        await Task.WhenAll((await Runtime.ListPodSandboxAsync(Timeout)).Select(sandbox => Runtime.StopPodSandboxAsync(sandbox.Config.Id, Timeout)));
        await RestartAsync();
    }

    public static Container Shell(string name, string script) =>
        new() { Name = name, Image = Image, ImagePullPolicy = "IfNotPresent", Command = ["/bin/sh", "-c", script] };

    public Task<Pod> CreateAsync(
        string name, string script, Func<Container, Container>? change = null, string policy = "Always", Func<PodSpec, PodSpec>? changePod = null)
    {
        var container = Shell("main", script);
        var spec = PodSpec.Empty with
        {
            NodeName = NodeName, RestartPolicy = policy, DnsPolicy = "ClusterFirst", TerminationGracePeriodSeconds = 30,
            Containers = [change?.Invoke(container) ?? container],
        };
        return Client.CreateAsync(
            Pod.Empty with
            {
                Metadata = ObjectMeta.Empty with { Name = name, Namespace = "default", Labels = new Dictionary<string, string> { ["app"] = name } },
                Spec = changePod?.Invoke(spec) ?? spec,
            },
            Timeout);
    }

    /// <summary>An emptyDir for <see cref="WithWork(Container)"/>.</summary>
    public static PodSpec WithWork(PodSpec spec) => spec with { Volumes = [new Volume { Name = "work", EmptyDir = new EmptyDirVolumeSource() }] };

    /// <summary>Mounts the volume called work at /work.</summary>
    public static Container WithWork(Container container) => container with { VolumeMounts = [new VolumeMount { Name = "work", MountPath = "/work" }] };

    /// <summary>Where a volume lies on the host.</summary>
    public string Volume(Pod pod, string kind, string name) =>
        new NodePaths(Options.DataDirectory, Options.PodLogsDirectory).Volume(pod.Metadata.Uid, kind, name);

    /// <summary>Waits until the pod is as wanted, or with null gone.</summary>
    public Task<Pod?> WaitForAsync(string name, Func<Pod?, bool> wanted) => PodWatch.WaitForAsync(Client, name, wanted);

    public Task<Pod?> WaitForReadyAsync(string name) => WaitForAsync(name, PodWatch.IsReady);

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        await NodeAgent.DeleteAllAsync(Options, Runtime, new KernelMounts(), Timeout);
        await _engine.DeleteAllAsync(Timeout);
        await _engine.DisposeAsync();
        _stopping.Dispose();
        if (_api is not null)
        {
            await _api.DisposeAsync();
        }

        Directory.Delete(_directory, recursive: true);
    }

    private async Task<ImageStore> OpenAsync()
    {
        await _engine.StartAsync(Timeout);
        var images = await ImageStore.OpenAsync(
            _engineOptions.DataDirectory, TimeProvider.System, new MountRecovery(new KernelMounts()), null, Timeout);
        _runtime = new EnginePodRuntime(_engine, images, new EnginePodNetwork(_engine.Network!), Options.DataDirectory); // The options have one.
        return images;
    }

    private void Run() => _running = RunAsync(_stopping.Token);

    private async Task RunAsync(CancellationToken cancellationToken)
    {
        var agent = _agent = new NodeAgent(
            Options, NodeApiServer.NodeClient(_api!), Runtime, new KernelMounts(), TimeProvider.System, new Random(1), NullLoggerFactory.Instance);
        await agent.RunAsync(cancellationToken);
    }

    private static async Task SweepAsync()
    {
        foreach (var directory in Directory.EnumerateDirectories(Path.GetTempPath(), Prefix + "*"))
        {
            var owner = Path.Combine(directory, "owner");
            var words = File.Exists(owner) ? (await File.ReadAllTextAsync(owner)).Split(' ') : ["0", "0"];
            if (!Directory.Exists($"/proc/{words[0]}"))
            {
                var left = new TestNode(Path.GetFileName(directory)[Prefix.Length..], int.Parse(words[1]));
                await left.OpenAsync();
                await left.DisposeAsync();
            }
        }
    }

    private static MemoryStream Root()
    {
        var archive = new MemoryStream();
        using (var tar = new TarWriter(archive, leaveOpen: true))
        {
            foreach (var directory in (string[])["bin", "etc", "proc", "sys", "dev", "tmp"])
            {
                tar.WriteEntry(new PaxTarEntry(TarEntryType.Directory, directory) { Mode = (UnixFileMode)0b111_101_101 });
            }

            tar.WriteEntry("/bin/busybox", "bin/busybox");
            foreach (var command in (string[])["sh", "cat", "sleep", "tail", "touch", "kill", "nc", "httpd", "mkdir", "env", "head", "dd"])
            {
                tar.WriteEntry(new PaxTarEntry(TarEntryType.SymbolicLink, "bin/" + command) { LinkName = "busybox" });
            }
        }

        archive.Position = 0;
        return archive;
    }
}
