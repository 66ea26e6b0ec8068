using System.Collections.Concurrent;
using Coxswain.Api.Core.V1;
using Coxswain.Client;
using Coxswain.Client.Informers;
using Coxswain.Linux;
using Coxswain.Linux.Nftables;
using Coxswain.Network.Proxy;
using Coxswain.Testing.Cluster;
using Coxswain.Testing.Time;
using Microsoft.Extensions.Logging.Abstractions;

namespace Coxswain.Network.Tests.Proxy;

/// <summary>The proxy over a table that fails when a test wants it to.</summary>
public sealed class ServiceProxyFaultTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task Listing_FailsAfterAChangeWasTaken_ChangeIsAppliedByTheNextTry()
    {
        var time = new VirtualTime();
        var table = new FaultyTable();
        await using var server = await TestApiServer.StartAsync(TimeProvider.System);
        using var informers = new InformerFactory(server.Admin, TimeProvider.System, new Random(1), NullLoggerFactory.Instance);
        using var proxy = new ServiceProxy(
            new ServiceProxySettings { HoldsLoopbackPorts = false, BridgeName = "no-such-bridge" }, informers, table, null, null, time,
            NullLoggerFactory.Instance);
        using var stop = new CancellationTokenSource();
        var running = Task.WhenAll(informers.RunAsync(stop.Token), proxy.RunAsync(stop.Token));
        await proxy.Ready.WaitAsync(Patience);
        var delivered = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        informers.Of<Service>().OnChange((_, now) =>
        {
            if (now?.Metadata.Name == "second")
            {
                delivered.TrySetResult();
            }
        });

        // While the first is applied, the second arrives and there is reason to look at the table, which then cannot be looked at.
        table.Release = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await server.Admin.CreateAsync(External("first", "10.96.0.81", "192.0.2.1"), default);
        await table.Held.Task.WaitAsync(Patience);
        await server.Admin.CreateAsync(External("second", "10.96.0.82", "192.0.2.2"), default);
        await delivered.Task.WaitAsync(Patience);
        table.RefusesLook = true;
        proxy.Suspect();
        var retry = time.GetUtcNow() + TimeSpan.FromMilliseconds(100);
        table.Release.SetResult();
        await table.LookRefused.Task.WaitAsync(Patience);
        using var patience = new CancellationTokenSource(Patience);
        await time.WaitForTimerAsync(retry, patience.Token);
        time.AdvanceTo(retry);
        await proxy.WaitUntilAppliedAsync(default).WaitAsync(Patience);

        Assert.Contains("192.0.2.2 . tcp . 80", table.Scripts.Last());
        await stop.CancelAsync();
        await running;
    }

    /// <summary>Without endpoints, so its external address is refused: an element in the table all the same.</summary>
    private static Service External(string name, string clusterIP, string address)
    {
        var service = Services.Of(name, clusterIP, Services.Port(80));
        return service with { Spec = service.Spec with { ExternalIPs = [address] } };
    }

    private sealed class FaultyTable : INftables
    {
        private volatile TaskCompletionSource? _release;
        private volatile bool _refusesLook;

        public string TableName => "coxswain";

        public ConcurrentQueue<string> Scripts { get; } = new();

        public TaskCompletionSource Held { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public TaskCompletionSource LookRefused { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        /// <summary>What the next script waits for.</summary>
        public TaskCompletionSource? Release
        {
            get => _release;
            set => _release = value;
        }

        /// <summary>The next terse listing fails.</summary>
        public bool RefusesLook
        {
            set => _refusesLook = value;
        }

        public async Task ApplyAsync(string script, CancellationToken cancellationToken)
        {
            if (_release is { } release)
            {
                Held.TrySetResult();
                await release.Task.WaitAsync(cancellationToken);
            }

            Scripts.Enqueue(script);
        }

        public Task<string> ListAsync(CancellationToken cancellationToken, bool terse = false)
        {
            if (!terse || !_refusesLook)
            {
                return Task.FromResult("");
            }

            _refusesLook = false;
            LookRefused.TrySetResult();
            throw new LinuxException("list", 12);
        }

        public Task DeleteTableAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
