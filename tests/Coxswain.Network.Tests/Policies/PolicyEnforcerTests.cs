using System.Net.Sockets;
using Coxswain.Api.Core.V1;
using Coxswain.Api.Json;
using Coxswain.Api.Meta.V1;
using Coxswain.Api.Networking.V1;
using Coxswain.Client;
using Coxswain.Client.Informers;
using Coxswain.Linux.Nftables;
using Coxswain.Linux.Processes;
using Coxswain.Network.Policies;
using Coxswain.Network.Tests.Lab;
using Coxswain.Testing.Cluster;
using Microsoft.Extensions.Logging.Abstractions;
using IPAddress = System.Net.IPAddress;

namespace Coxswain.Network.Tests.Policies;

/// <summary>
/// Policies with real packets: five pods in two namespaces, and for each set of policies who may reach whom at which port, every
/// pair and port tried.
/// </summary>
public sealed class PolicyEnforcerTests : IAsyncLifetime
{
    private const string Table = "coxswain-policy";
    private static readonly int[] Ports = [80, 8080];

    /// <summary>x is a namespace labelled ns=x, y one labelled ns=y. The pod label is its name; both ports are named in b.</summary>
    private static readonly (string Name, string Namespace, string Address)[] Pods =
    [
        ("a", "x", "10.244.0.2"), ("b", "x", "10.244.0.3"), ("c", "x", "10.244.0.4"), ("a", "y", "10.244.0.5"), ("b", "y", "10.244.0.6"),
    ];

    private readonly NetworkLab _lab = new();
    private readonly CancellationTokenSource _stop = new();
    private TestApiServer _server = null!;
    private InformerFactory _informers = null!;
    private NftCommand _nftables = null!;
    private TableWatch _watch = null!;
    private PolicyEnforcer _enforcer = null!;
    private Task _running = Task.CompletedTask;

    public async Task InitializeAsync()
    {
        await _lab.InitializeAsync();
        _server = await TestApiServer.StartAsync(TimeProvider.System);
        foreach (var (@namespace, index) in ((string[])["x", "y"]).Select((name, index) => (name, index)))
        {
            var labels = new Dictionary<string, string> { ["ns"] = @namespace };
            await _server.Admin.CreateAsync(
                Namespace.Empty with { Metadata = ObjectMeta.Empty with { Name = @namespace, Labels = labels } }, default);
            await _server.Admin.CreateAsync(
                ServiceAccount.Empty with { Metadata = ObjectMeta.Empty with { Namespace = @namespace, Name = "default" } }, default);
        }

        foreach (var pod in Pods)
        {
            await _lab.AddPodAsync(pod.Address);
            foreach (var port in Ports)
            {
                await _lab.ServeAsync(pod.Address, port);
            }

            await CreatePodAsync(pod.Name, pod.Namespace, pod.Address);
        }

        _nftables = new NftCommand(_lab.Node, Table);
        _watch = await _lab.InNodeAsync(() => new TableWatch(NetworkLab.Events, Table));
        _informers = new InformerFactory(_server.Admin, TimeProvider.System, new Random(1), NullLoggerFactory.Instance);
        _enforcer = new PolicyEnforcer(
            new PolicySettings(), _informers, _nftables, _watch, TimeProvider.System, NullLoggerFactory.Instance);
    }

    public async Task DisposeAsync()
    {
        await _stop.CancelAsync();
        await _running;
        _enforcer.Dispose();
        _informers.Dispose();
        _watch.Dispose();
        await _server.DisposeAsync();
        await _lab.DisposeAsync();
    }

    /// <summary>Who may not reach whom, as lines of <c>from->to:port</c> with <c>*</c> for all; everything else may.</summary>
    public static TheoryData<string, string, string> Tables => new()
    {
        { "no policy", "", "" },
        { "deny all that comes in", """{"podSelector":{},"policyTypes":["Ingress"]}""", "*->x/*:*" },
        { "deny all that goes out", """{"podSelector":{},"policyTypes":["Egress"]}""", "x/*->*:*" },
        { "types left out: ingress only", """{"podSelector":{"matchLabels":{"pod":"a"}}}""", "*->x/a:*" },
        { "types left out with egress: both", """{"podSelector":{"matchLabels":{"pod":"a"}},"egress":[{}]}""", "*->x/a:*" },
        { "allow all", """{"podSelector":{},"ingress":[{}]}""", "" },
        {
            "pods of the same namespace", """{"podSelector":{"matchLabels":{"pod":"a"}},"ingress":[{"from":[{"podSelector":{"matchLabels":{"pod":"b"}}}]}]}""",
            "x/c->x/a:* y/*->x/a:*"
        },
        {
            "namespaces", """{"podSelector":{"matchLabels":{"pod":"a"}},"ingress":[{"from":[{"namespaceSelector":{"matchLabels":{"ns":"y"}}}]}]}""",
            "x/*->x/a:*"
        },
        {
            "pods of namespaces",
            """
            {"podSelector":{"matchLabels":{"pod":"a"}},
             "ingress":[{"from":[{"namespaceSelector":{"matchExpressions":[{"key":"ns","operator":"Exists"}]},"podSelector":{"matchLabels":{"pod":"b"}}}]}]}
            """,
            "x/c->x/a:* y/a->x/a:*"
        },
        {
            "pods or namespaces",
            """
            {"podSelector":{"matchLabels":{"pod":"a"}},
             "ingress":[{"from":[{"namespaceSelector":{"matchLabels":{"ns":"y"}}},{"podSelector":{"matchLabels":{"pod":"c"}}}]}]}
            """,
            "x/b->x/a:*"
        },
        {
            "a port", """{"podSelector":{},"ingress":[{"ports":[{"port":80}]}]}""", "*->x/*:8080"
        },
        {
            "ports of another protocol", """{"podSelector":{},"ingress":[{"ports":[{"protocol":"UDP","port":80},{"protocol":"UDP"}]}]}""", "*->x/*:*"
        },
        {
            "every port of a protocol", """{"podSelector":{},"ingress":[{"ports":[{"protocol":"TCP"}]}]}""", ""
        },
        {
            "a range of ports", """{"podSelector":{},"ingress":[{"ports":[{"port":8000,"endPort":8080},{"port":8001}]}]}""", "*->x/*:80"
        },
        {
            "a named port that in is 80 in all but b", """{"podSelector":{},"ingress":[{"ports":[{"port":"web"}]}]}""",
            "*->x/a:8080 *->x/c:8080 *->x/b:80"
        },
        {
            "a named port of peers", """{"podSelector":{"matchLabels":{"pod":"a"}},"egress":[{"ports":[{"port":"web"}]}],"policyTypes":["Egress"]}""",
            "x/a->x/a:8080 x/a->x/c:8080 x/a->x/b:80 x/a->y/a:8080 x/a->y/b:80"
        },
        {
            "a block with exceptions",
            """{"podSelector":{},"ingress":[{"from":[{"ipBlock":{"cidr":"10.244.0.0/24","except":["10.244.0.3/32","10.244.0.6/31"]}}]}]}""",
            "x/b->x/*:* y/b->x/*:*"
        },
        {
            "a block outwards, beside pods",
            """
            {"podSelector":{"matchLabels":{"pod":"a"}},"policyTypes":["Egress"],
             "egress":[{"to":[{"ipBlock":{"cidr":"10.244.0.4/32"}},{"podSelector":{"matchLabels":{"pod":"b"}}}],"ports":[{"port":80}]}]}
            """,
            "x/a->*:8080 x/a->y/*:80"
        },
        {
            "two policies add up",
            """
            {"podSelector":{"matchLabels":{"pod":"a"}},"ingress":[{"from":[{"podSelector":{"matchLabels":{"pod":"b"}}}]}]};
            {"podSelector":{},"ingress":[{"from":[{"namespaceSelector":{"matchLabels":{"ns":"y"}}}],"ports":[{"port":80}]}]}
            """,
            "x/*->x/b:* x/*->x/c:* x/a->x/a:* x/c->x/a:* y/*->x/*:8080"
        },
        {
            "both ways", """{"podSelector":{"matchLabels":{"pod":"a"}},"policyTypes":["Ingress","Egress"],"egress":[{"to":[{"podSelector":{}}]}]}""",
            "*->x/a:* x/a->y/*:*"
        },
    };

    [RootTheory]
    [MemberData(nameof(Tables))]
    public async Task Policies_EveryPairAndPort_ReachOnlyWhomTheyMay(string what, string policies, string denied)
    {
        await RunAsync([.. policies.Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).Select(Policy)]);

        var attempts =
            from source in Pods from target in Pods where source != target from port in Ports
            select (Source: source, Target: target, Port: port);
        var wrong = await Task.WhenAll(attempts.Select(async attempt =>
        {
            var isDenied = denied.Split(' ', StringSplitOptions.RemoveEmptyEntries).Any(line => Matches(line, attempt.Source, attempt.Target, attempt.Port));
            var reached = await TryReachAsync(attempt.Source.Address, attempt.Target.Address, attempt.Port);
            return reached == isDenied ? $"{Of(attempt.Source)}->{Of(attempt.Target)}:{attempt.Port} {(reached ? "passed" : "did not pass")}" : null;
        }));

        Assert.True(wrong.All(line => line is null), $"{what}: {string.Join(", ", wrong.OfType<string>())}");
        foreach (var pod in Pods)
        {
            // The node may reach all that runs on it.
            Assert.True(await TryReachAsync("node", pod.Address, 80));
        }
    }

    [RootFact]
    public async Task Policies_PodsAndLabelsChange_FollowInPlace()
    {
        await RunAsync([Policy("""{"podSelector":{"matchLabels":{"pod":"a"}},"ingress":[{"from":[{"podSelector":{"matchLabels":{"friend":"yes"}}}]}]}""")]);
        Assert.False(await TryReachAsync("10.244.0.3", "10.244.0.2", 80));

        var pod = await _server.Admin.GetAsync<Pod>("x", "b", default);
        await ChangeAsync(pod with { Metadata = pod.Metadata with { Labels = new Dictionary<string, string> { ["friend"] = "yes" } } });
        Assert.True(await TryReachAsync("10.244.0.3", "10.244.0.2", 80));

        pod = await _server.Admin.GetAsync<Pod>("x", "a", default);
        await ChangeAsync(pod with { Metadata = pod.Metadata with { Labels = new Dictionary<string, string> { ["pod"] = "other" } } });
        Assert.True(await TryReachAsync("10.244.0.4", "10.244.0.2", 80));
    }

    [RootFact]
    public async Task AdmitAsync_PodWithoutStatus_IsPolicedBeforeItReturns()
    {
        await RunAsync([Policy("""{"podSelector":{"matchLabels":{"pod":"new"}},"policyTypes":["Ingress","Egress"]}""")]);
        await _lab.AddPodAsync("10.244.0.7");
        await _lab.ServeAsync("10.244.0.7", 80);
        Assert.True(await TryReachAsync("10.244.0.2", "10.244.0.7", 80));

        // Admitted while the cache does not know it yet.
        var uid = (await CreatePodAsync("new", "x", address: null)).Metadata.Uid;
        await _enforcer.AdmitAsync(uid, IPAddress.Parse("10.244.0.7"), default);

        Assert.False(await TryReachAsync("10.244.0.2", "10.244.0.7", 80));
        Assert.False(await TryReachAsync("10.244.0.7", "10.244.0.2", 80));
        _enforcer.Release(uid);
        await _enforcer.WaitUntilAppliedAsync(default);
        Assert.True(await TryReachAsync("10.244.0.2", "10.244.0.7", 80));
    }

    [RootTheory]
    [InlineData("delete table inet coxswain-policy")]
    [InlineData("flush chain inet coxswain-policy incoming")]
    public async Task Rules_TakenAwayFromOutside_ComeBack(string command)
    {
        await RunAsync([Policy("""{"podSelector":{},"policyTypes":["Ingress"]}""")]);
        var whole = (await _nftables.ListAsync(default)).Length;

        await _lab.Node.RunAsync(new ProcessSpec("nft", command.Split(' ')), default);

        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        while ((await _nftables.ListAsync(patience.Token)).Length < whole)
        {
            await _enforcer.WaitUntilAppliedAsync(patience.Token);
        }

        Assert.False(await TryReachAsync("10.244.0.3", "10.244.0.2", 80));
    }

    private static NetworkPolicy Policy(string spec) => KubeJson.Deserialize<NetworkPolicy>(System.Text.Encoding.UTF8.GetBytes(
        $$"""{"apiVersion":"networking.k8s.io/v1","kind":"NetworkPolicy","metadata":{"namespace":"x","generateName":"p-"},"spec":{{spec}}}"""));

    private static bool Matches(string line, (string, string, string) source, (string, string, string) target, int port)
    {
        var parts = line.Split("->");
        var to = parts[1].Split(':');
        return IsOne(parts[0], Of(source)) && IsOne(to[0], Of(target)) && IsOne(to[1], $"{port}");
    }

    private static bool IsOne(string pattern, string name) =>
        pattern == "*" || pattern == name || (pattern.EndsWith("/*", StringComparison.Ordinal) && name.StartsWith(pattern[..^1], StringComparison.Ordinal));

    private static string Of((string Name, string Namespace, string Address) pod) => $"{pod.Namespace}/{pod.Name}";

    /// <summary>What is dropped is not answered; neighbours on one machine answer in far less than the time that is waited.</summary>
    private async Task<bool> TryReachAsync(string source, string target, int port)
    {
        using var socket = await _lab.SocketAsync(source, ProtocolType.Tcp);
        using var patience = new CancellationTokenSource(TimeSpan.FromMilliseconds(700));
        try
        {
            await socket.ConnectAsync(IPAddress.Parse(target), port, patience.Token);
            return true;
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }

    private async Task<Pod> CreatePodAsync(string name, string @namespace, string? address)
    {
        var port = new ContainerPort { Name = "web", ContainerPortValue = name == "b" ? 8080 : 80 };
        var pod = await _server.Admin.CreateAsync(
            Pod.Empty with
            {
                Metadata = ObjectMeta.Empty with { Namespace = @namespace, Name = name, Labels = new Dictionary<string, string> { ["pod"] = name } },
                Spec = PodSpec.Empty with { Containers = [new Container { Name = "c", Image = "i", Ports = [port] }], NodeName = "node" },
            },
            default);
        return address is null
            ? pod
            : await _server.Admin.UpdateStatusAsync(
                pod with { Status = pod.Status with { Phase = PodPhase.Running, PodIP = address, PodIPs = [new PodIP { Ip = address }] } }, default);
    }

    private async Task ChangeAsync(Pod pod)
    {
        var changed = await _server.Admin.UpdateAsync(pod, default);
        var delivered = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _informers.Of<Pod>().OnChange((_, now) =>
        {
            if (now?.Metadata.ResourceVersion == changed.Metadata.ResourceVersion)
            {
                delivered.TrySetResult();
            }
        });
        await delivered.Task.WaitAsync(TimeSpan.FromSeconds(30));
        await _enforcer.WaitUntilAppliedAsync(default).WaitAsync(TimeSpan.FromSeconds(30));
    }

    private async Task RunAsync(IReadOnlyList<NetworkPolicy> policies)
    {
        foreach (var policy in policies)
        {
            await _server.Admin.CreateAsync(policy, default);
        }

        _running = Task.WhenAll(_informers.RunAsync(_stop.Token), _enforcer.RunAsync(_stop.Token));
        await _enforcer.Ready.WaitAsync(TimeSpan.FromSeconds(30));
    }
}
