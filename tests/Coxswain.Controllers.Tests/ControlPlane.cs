using Coxswain.Api.Core.V1;
using Coxswain.Api.Meta.V1;
using Coxswain.Client;
using Coxswain.Client.Informers;
using Coxswain.Testing.Client;
using Microsoft.Extensions.Logging.Abstractions;
using V1Node = Coxswain.Api.Core.V1.Node;

namespace Coxswain.Controllers.Tests;

/// <summary>
/// All controllers over an API server (in memory, unless a client of another is given), with nodes that run every pod
/// they are given at once.
/// </summary>
internal sealed class ControlPlane : IAsyncDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly InformerFactory _informers;
    private readonly List<Task> _running;

    public ControlPlane(ControllerOptions? options = null, bool runPods = true, IKubeClient? client = null)
    {
        Client = client ?? new FakeKubeClient(TimeProvider.System);
        _informers = new InformerFactory(Client, TimeProvider.System, new Random(1), NullLoggerFactory.Instance);
        var manager = new ControllerManager(Client, _informers, TimeProvider.System, new Random(2), NullLoggerFactory.Instance, options ?? new ControllerOptions());
        _running = [_informers.RunAsync(_stop.Token), manager.RunAsync(_stop.Token)];
        if (runPods)
        {
            _running.Add(SimulatedKubelet.RunAsync(Client, _stop.Token));
        }
    }

    public IKubeClient Client { get; }

    public async Task AddNodeAsync(string name, string cpu = "4", string memory = "8Gi", params Taint[] taints)
    {
        var node = new V1Node
        {
            Metadata = ObjectMeta.Empty with { Name = name, Labels = new Dictionary<string, string> { ["kubernetes.io/hostname"] = name } },
            Spec = new NodeSpec { Taints = taints },
            Status = new NodeStatus
            {
                Allocatable = new Dictionary<string, Api.Quantity>
                {
                    ["cpu"] = Api.Quantity.Parse(cpu), ["memory"] = Api.Quantity.Parse(memory), ["pods"] = Api.Quantity.Parse("110"),
                },
                Conditions = [new NodeCondition { Type = "Ready", Status = "True", LastHeartbeatTime = DateTimeOffset.UnixEpoch }],
            },
        };
        var created = await Client.CreateAsync(node, default);

        // A real server keeps the status to its subresource.
        if (created.Status.Allocatable.Count == 0)
        {
            await Client.UpdateStatusAsync(created with { Status = node.Status }, default);
        }
    }

    public Task<IReadOnlyList<T>> WaitForAsync<T>(string what, Func<IReadOnlyList<T>, bool> holds)
        where T : class, Api.IKubeObject<T> =>
        Client.WaitForAsync(what, holds);

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await Task.WhenAll(_running);
        _informers.Dispose();
        _stop.Dispose();
    }
}
