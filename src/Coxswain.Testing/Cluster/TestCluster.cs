using Coxswain.Api;
using Coxswain.Api.Json;
using Coxswain.ApiServer;
using Coxswain.ApiServer.Users;
using Coxswain.Client;
using Coxswain.Testing.Client;
using Coxswain.Testing.Time;

namespace Coxswain.Testing.Cluster;

/// <summary>
/// A cluster in one thread under virtual time: the real API server over a store in memory, and whatever parts a test
/// starts. Whenever a call of this class or of <see cref="Client"/> returns, all parts have come to rest.
/// </summary>
public sealed class TestCluster : IAsyncDisposable
{
    /// <summary>Of virtual time, for calls and conditions: long enough for every back-off, too short for a node to be given up.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly SimulationLoop _loop;
    private readonly CancellationTokenSource _stop = new();
    private readonly List<Task> _parts = [];

    private TestCluster(SimulationLoop loop, TestApiServer server)
    {
        (_loop, Server) = (loop, server);
        Start = loop.Time.GetUtcNow();
        PartClients = new InProcessClients(server.Host);
        Client = new SimulatedKubeClient(loop, server.Admin, Patience);
    }

    public VirtualTime Time => _loop.Time;

    /// <summary>When the cluster was started.</summary>
    public DateTimeOffset Start { get; }

    public TestApiServer Server { get; }

    /// <summary>Clients for parts, each with what its roles allow.</summary>
    public IKubeClientSource PartClients { get; }

    /// <summary>The test's own client, which may do everything.</summary>
    public IKubeClient Client { get; }

    public static async Task<TestCluster> StartAsync()
    {
        var loop = new SimulationLoop(new VirtualTime());
        return new TestCluster(loop, await loop.Run(() => TestApiServer.StartAsync(loop.Time), Patience));
    }

    /// <summary>A client of an identity for the test itself; parts take theirs from <see cref="Server"/>.</summary>
    public IKubeClient ClientFor(User user) => new SimulatedKubeClient(_loop, Server.ClientFor(user), Patience);

    /// <summary>Starts a part, which runs until its token is cancelled at the end of the test.</summary>
    public void Run(Func<CancellationToken, Task> part) => _parts.Add(_loop.Start(() => part(_stop.Token)));

    /// <summary>Starts a part that <see cref="StopAsync"/> ends before the end of the test.</summary>
    /// <returns>What <see cref="StopAsync"/> takes.</returns>
    public StoppablePart RunStoppable(Func<CancellationToken, Task> part)
    {
        var life = CancellationTokenSource.CreateLinkedTokenSource(_stop.Token);
        var running = _loop.Start(() => part(life.Token));
        _parts.Add(running);
        return new StoppablePart(life, running);
    }

    /// <summary>Ends a part, and returns when it has ended.</summary>
    public async Task StopAsync(StoppablePart part)
    {
        await _loop.RunToEnd(async () =>
        {
            await part.Life.CancelAsync();
            await part.Running;
        });
        part.Life.Dispose();
    }

    /// <summary>Lets everything be done that can be done now.</summary>
    public void Settle() => _loop.Settle();

    public void Advance(TimeSpan by) => _loop.Advance(by);

    /// <summary>Lets time pass until so many seconds after the start.</summary>
    public void AdvanceTo(double seconds) => _loop.AdvanceTo(Start + TimeSpan.FromSeconds(seconds));

    /// <summary>Lets time pass until the condition holds for the objects of a resource, and returns those.</summary>
    /// <param name="what">What is waited for, for the message when it does not come about.</param>
    public async Task<IReadOnlyList<T>> WaitForAsync<T>(string what, Func<IReadOnlyList<T>, bool> holds)
        where T : class, IKubeObject<T>
    {
        IReadOnlyList<T> seen = [];
        _loop.Settle();
        var answer = _loop.Run(() => Server.Admin.ListAsync<T>(null, ListQuery.All, CancellationToken.None), Patience);
        var end = Time.GetUtcNow() + Patience;
        while (!holds(seen = (await answer).Items))
        {
            if (!_loop.AdvanceOnce(end))
            {
                throw new TimeoutException(
                    $"{what} did not come about within {Patience}; seen: {string.Join('\n', seen.Select(obj => KubeJson.ToString(obj)))}");
            }

            answer = _loop.Run(() => Server.Admin.ListAsync<T>(null, ListQuery.All, CancellationToken.None), Patience);
        }

        return seen;
    }

    /// <summary>Creates an object and gives it its status, which the server keeps to a call of its own.</summary>
    public async Task<T> CreateWithStatusAsync<T>(T obj)
        where T : class, IKubeObject<T>
    {
        var created = await Client.CreateAsync(obj, CancellationToken.None);

        // Whatever controllers have made of it meanwhile.
        var withStatus = obj.WithMetadata(created.Metadata with { ResourceVersion = "" });
        return await Client.UpdateStatusAsync(withStatus, CancellationToken.None);
    }

    public async ValueTask DisposeAsync()
    {
        await _loop.RunToEnd(async () =>
        {
            await _stop.CancelAsync();
            await Task.WhenAll(_parts);
            await Server.DisposeAsync();
        });
        _stop.Dispose();
    }
}
