using System.Net;
using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using Coxswain.Engine.Containers;
using Coxswain.Engine.Hosting;
using Coxswain.Engine.Networks;
using Microsoft.Extensions.Logging.Abstractions;

namespace Coxswain.Engine.Tests.Containers;

/// <summary>A real engine over directories, a control group, a bridge and a table of its own, all gone afterwards.</summary>
internal sealed class TestEngine : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private const string Prefix = "coxswain-test-";

    private static readonly Task Swept = SweepAsync();

    private readonly string _directory;
    private static int _lastThird = RandomNumberGenerator.GetInt32(0, 256);

    private readonly int _third;
    private bool _closed;
    private bool _deleted;

    private TestEngine(EngineOptions options, string directory, int third)
    {
        _third = third;
        Options = options;
        _directory = directory;
        Engine = Open();
    }

    public EngineOptions Options { get; }

    public ContainerEngine Engine { get; private set; }

    public IContainers Containers => Engine.Containers;

    public IContainerNetwork Network => Engine.Network!; // Only used by tests that ask for one.

    /// <summary>A layer with busybox and its commands, shared by all tests: layers are read-only.</summary>
    public string Layer { get; } = BusyboxLayer.Directory;

    public static CancellationToken Timeout => new CancellationTokenSource(Patience).Token;

    public string LogDirectory => Path.Combine(_directory, "logs");

    /// <param name="change">Made to the options before the engine starts.</param>
    public static async Task<TestEngine> StartAsync(bool network = false, Func<EngineOptions, EngineOptions>? change = null)
    {
        await Swept;
        var name = "t" + RandomNumberGenerator.GetHexString(6, lowercase: true);
        // Never the addresses of another test: the engine would refuse them.
        var test = Make(name, (Interlocked.Increment(ref _lastThird) & 0x7FFFFFFF) % 256, network, change);
        Directory.CreateDirectory(test._directory);
        await File.WriteAllTextAsync(
            Path.Combine(test._directory, "owner"), $"{Environment.ProcessId} {test._third} {network}", Timeout);
        await test.Engine.StartAsync(Timeout);
        return test;
    }

    /// <summary>Lets go of the engine and opens another over the same directories, as a restart does.</summary>
    public async Task ReopenAsync(bool start = true)
    {
        await CloseAsync();
        Engine = Open();
        _closed = false;
        if (start)
        {
            await Engine.StartAsync(Timeout);
        }
    }

    /// <summary>Lets go of the engine; what happens now, nobody sees.</summary>
    public async Task CloseAsync()
    {
        if (!_closed)
        {
            _closed = true;
            await Engine.DisposeAsync();
        }
    }

    public ContainerSpec Spec(string script, [CallerMemberName] string name = "") => new()
    {
        Name = name,
        Root = RootFilesystem.FromLayers([Layer]),
        Args = ["/bin/sh", "-c", script],
        Namespaces = new ContainerNamespaces { Network = ContainerNamespaces.Host },
        LogPath = Path.Combine(LogDirectory, RandomNumberGenerator.GetHexString(8, lowercase: true), "0.log"),
    };

    public async Task<ContainerStatus> RunAsync(ContainerSpec spec)
    {
        var created = await Containers.CreateAsync(spec, Timeout);
        return await Containers.StartAsync(created.Id, Timeout);
    }

    /// <summary>Runs to the end and returns how it ended and what it logged.</summary>
    public async Task<(ContainerExit Exit, string Log)> RunToEndAsync(ContainerSpec spec)
    {
        var status = await RunAsync(spec);
        var exit = await Containers.WaitAsync(status.Id, Timeout);
        return (exit, string.Concat(ReadLog(status).Select(line => line.Text + "\n")));
    }

    public static IReadOnlyList<LogLine> ReadLog(ContainerStatus status) =>
        [.. File.ReadLines(status.Spec.LogPath!).Select(LogLine.Parse)]; // Every spec of these tests has one.

    /// <summary>Waits for a line of the log: containers give no other sign of how far they are.</summary>
    public static async Task WaitForLogAsync(ContainerStatus status, string text)
    {
        var cancellation = Timeout;
        var path = status.Spec.LogPath!; // Every spec of these tests has one.
        using var watcher = new FileSystemWatcher(Path.GetDirectoryName(path)!) { NotifyFilter = NotifyFilters.Size | NotifyFilters.LastWrite };
        using var changed = new SemaphoreSlim(0);
        watcher.Changed += (_, _) => changed.Release();
        watcher.EnableRaisingEvents = true;
        while (!(File.Exists(path) && (await File.ReadAllTextAsync(path, cancellation)).Contains(text, StringComparison.Ordinal)))
        {
            try
            {
                await changed.WaitAsync(cancellation);
            }
            catch (OperationCanceledException)
            {
                Assert.Fail($"awaited '{text}' in the log, saw: {(File.Exists(path) ? await File.ReadAllTextAsync(path) : "no log")}");
            }
        }
    }

    /// <summary>Another engine, not started, over directories of its own inside this one's.</summary>
    public ContainerEngine Other(Func<EngineOptions, EngineOptions> change) => new(
        change(Options with
        {
            DataDirectory = Path.Combine(_directory, "other", "data"),
            RunDirectory = Path.Combine(_directory, "other", "run"),
        }),
        TimeProvider.System,
        NullLoggerFactory.Instance);

    public async Task DeleteAllAsync()
    {
        await Engine.DeleteAllAsync(Timeout);
        _deleted = true;
    }

    public async ValueTask DisposeAsync()
    {
        if (_closed)
        {
            await ReopenAsync();
        }

        if (!_deleted)
        {
            await Engine.DeleteAllAsync(Timeout);
        }

        await Engine.DisposeAsync();
        Directory.Delete(_directory, recursive: true);
    }

    private static TestEngine Make(string name, int third, bool network, Func<EngineOptions, EngineOptions>? change = null)
    {
        var directory = Path.Combine(Path.GetTempPath(), Prefix + name);
        var options = new EngineOptions
        {
            DataDirectory = Path.Combine(directory, "data"),
            RunDirectory = Path.Combine(directory, "run"),
            CgroupParent = "/coxswain-" + name,
            NftablesTable = "coxswain-" + name,
            ClaimsDirectory = Path.Combine(Path.GetTempPath(), "coxswain-claims-of-tests"),
            Network = !network ? null : new ContainerNetworkOptions
            {
                BridgeName = "cx" + name,
                Subnet = IPNetwork.Parse($"10.243.{third}.0/24"),
                ClusterNetworks = [IPNetwork.Parse($"10.243.{third}.0/24"), IPNetwork.Parse($"10.143.{third}.0/24")],
            },
        };
        return new TestEngine(change?.Invoke(options) ?? options, directory, third);
    }

    /// <summary>What a killed run left is removed as everything else is: by an engine over its directories.</summary>
    private static async Task SweepAsync()
    {
        foreach (var directory in Directory.EnumerateDirectories(Path.GetTempPath(), Prefix + "*"))
        {
            var owner = Path.Combine(directory, "owner");
            var words = File.Exists(owner) ? (await File.ReadAllTextAsync(owner)).Split(' ') : ["0", "0", "False"];
            if (!Directory.Exists($"/proc/{words[0]}"))
            {
                var left = Make(Path.GetFileName(directory)[Prefix.Length..], int.Parse(words[1]), bool.Parse(words[2]));
                await left.Engine.StartAsync(Timeout);
                await left.DisposeAsync();
            }
        }
    }

    private ContainerEngine Open() => new(Options, TimeProvider.System, NullLoggerFactory.Instance);
}

internal sealed record LogLine(DateTimeOffset Time, string Stream, string Tag, string Text)
{
    public static LogLine Parse(string line)
    {
        var parts = line.Split(' ', 4);
        return new LogLine(DateTimeOffset.Parse(parts[0]), parts[1], parts[2], parts[3]);
    }
}
