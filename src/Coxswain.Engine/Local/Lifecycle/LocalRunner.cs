using System.Collections.Concurrent;
using Coxswain.Engine.Containers;
using Coxswain.Engine.Events;
using Coxswain.Engine.Local.Networks;
using Microsoft.Extensions.Logging;

namespace Coxswain.Engine.Local.Lifecycle;

/// <summary>Brings a local container up and deals with its end. Its callers hold the container's gate.</summary>
internal sealed partial class LocalRunner(
    IContainers containers, LocalNetworks networks, LocalCreator creator, LocalStore store, ConcurrentDictionary<string, LocalEntry> entries,
    ConcurrentDictionary<string, string> names, IEngineEvents events, TimeProvider time, CancellationToken stopping, ILogger logger)
{
    private static readonly TimeSpan FirstBackOff = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan MostBackOff = TimeSpan.FromMinutes(1);

    /// <summary>Who ran so long has got over what ended it before.</summary>
    private static readonly TimeSpan GoodRun = TimeSpan.FromSeconds(10);

    private readonly NameFiles _files = new(store);

    /// <summary>What its policy does later: the supervisor's, set once.</summary>
    public Func<LocalEntry, TimeSpan, CancellationToken, Task>? StartAgain { get; set; }

    public async Task StartAsync(LocalEntry entry, CancellationToken cancellationToken)
    {
        var record = entry.Record;
        entry.Error = "";
        await StopBackgroundAsync(entry);
        try
        {
            var endpoints = await AttachAsync(entry, cancellationToken);
            var on = endpoints.Select(endpoint => networks.Get(endpoint.NetworkId)).OrderBy(network => network.Internal).ToArray();
            _files.Write(record, endpoints, on, Links(entry, endpoints));
            await containers.StartAsync(entry.Id, cancellationToken);
            entry.IsUp = true;
            Save(entry, record with { WantsRun = true, Endpoints = endpoints, Ports = entry.Sandbox?.Ports ?? [] });
            Look(entry);
        }
        catch (Exception exception)
        {
            entry.Error = exception.Message;
            await networks.DetachAsync(entry.Id);
            entry.Sandbox = null;
            Save(entry, WithoutAddresses(entry.Record));
            throw;
        }
    }

    /// <summary>Knows again one that an earlier engine started and that still runs.</summary>
    public async Task AdoptAsync(LocalEntry entry, CancellationToken cancellationToken)
    {
        entry.IsUp = true;
        var record = entry.Record;
        if (record.Spec.NetworkMode == LocalNetworkMode.Networks)
        {
            entry.Sandbox = Sandbox(record);
            await networks.AdoptAsync(entry.Sandbox, record.Endpoints, record.Ports, cancellationToken);
        }

        Look(entry);
    }

    /// <summary>
    /// Takes back what only a running container has, and decides what becomes of it: again by its policy, gone, or kept. Once for
    /// each end; does nothing while it runs.
    /// </summary>
    /// <param name="again">False for who is about to start or remove it itself.</param>
    public async Task EndAsync(LocalEntry entry, bool again)
    {
        if (!entry.IsUp || entry.IsRemoved || containers.Inspect(entry.Id) is not { } status || status.State == ContainerState.Running)
        {
            return;
        }

        entry.IsUp = false;
        await StopBackgroundAsync(entry);
        await networks.DetachAsync(entry.Id);
        entry.Sandbox = null;
        Save(entry, WithoutAddresses(entry.Record));
        if (!again)
        {
            return;
        }

        if (WantsAgain(entry.Record, status))
        {
            var ran = status is { StartedAt: { } began, Exit: { } exit } ? exit.FinishedAt - began : TimeSpan.Zero;
            entry.BackOff = ran >= GoodRun || entry.BackOff == TimeSpan.Zero ? FirstBackOff
                : TimeSpan.FromTicks(Math.Min(entry.BackOff.Ticks * 2, MostBackOff.Ticks));
            Again(entry);
        }
        else if (entry.Record.Spec.AutoRemove)
        {
            await RemoveAsync(entry, volumes: true, CancellationToken.None);
        }
    }

    /// <summary>Has it started again after its back-off.</summary>
    public void Again(LocalEntry entry)
    {
        entry.Restarting = true;
        entry.Background = CancellationTokenSource.CreateLinkedTokenSource(stopping);
        entry.BackgroundTask = StartAgain!(entry, entry.BackOff, entry.Background.Token); // Set before anything runs.
    }

    public static bool WantsAgain(LocalContainerRecord record, ContainerStatus status) =>
        record.WantsRun && record.Spec.Restart.Kind switch
        {
            RestartKind.Always or RestartKind.UnlessStopped => true,
            RestartKind.OnFailure => status.Exit is { Code: not 0 }
                && (record.Spec.Restart.MostRetries == 0 || record.RestartCount < record.Spec.Restart.MostRetries),
            _ => false,
        };

    public async Task RemoveAsync(LocalEntry entry, bool volumes, CancellationToken cancellationToken)
    {
        await StopBackgroundAsync(entry);
        await containers.RemoveAsync(entry.Id, cancellationToken);
        await networks.DetachAsync(entry.Id);
        entry.IsRemoved = true;
        entries.TryRemove(entry.Id, out _);
        names.TryRemove(KeyValuePair.Create(entry.Record.Spec.Name, entry.Id));
        store.Delete(entry.Id);
        if (volumes)
        {
            creator.RemoveAnonymous(entry.Record);
        }
    }

    public void Save(LocalEntry entry, LocalContainerRecord record)
    {
        entry.Record = record;
        store.Save(record);
    }

    /// <summary>Called by the task itself it would wait for itself: then it is just let go of.</summary>
    public static async Task StopBackgroundAsync(LocalEntry entry)
    {
        if (entry.Background is { } background)
        {
            entry.Background = null;
            await background.CancelAsync();
            entry.Restarting = false;
        }
    }

    private async Task<IReadOnlyList<Endpoint>> AttachAsync(LocalEntry entry, CancellationToken cancellationToken)
    {
        var record = entry.Record;
        if (record.Spec.NetworkMode == LocalNetworkMode.Container)
        {
            var other = record.Spec.NetworkOf is { } id && containers.Inspect(id) is { State: ContainerState.Running };
            return other
                ? []
                : throw new LocalException(LocalErrorKind.Conflict, $"cannot join network of a non running container: {record.Spec.NetworkOf}");
        }

        if (record.Spec.NetworkMode != LocalNetworkMode.Networks)
        {
            return [];
        }

        await networks.DetachAsync(entry.Id);
        entry.Sandbox = await networks.AttachAsync(Sandbox(record), record.Endpoints, record.Spec.Publish, cancellationToken);
        return entry.Sandbox.Endpoints;
    }

    private LocalSandbox Sandbox(LocalContainerRecord record) =>
        new(record.Id, record.Spec.Name, record.Spec.Process.Hostname, creator.SandboxPathOf(record.Id)) { Dns = record.Spec.Dns };

    /// <summary>On the default network names are known by links alone.</summary>
    private List<(string Address, string Names)> Links(LocalEntry entry, IReadOnlyList<Endpoint> endpoints)
    {
        var found = new List<(string, string)>();
        foreach (var link in endpoints.Where(endpoint => endpoint.NetworkName == LocalNetwork.Default).SelectMany(endpoint => endpoint.Links))
        {
            var parts = link.Split(':', 2);
            var other = entries.Values.FirstOrDefault(other => other != entry && (other.Record.Spec.Name == parts[0] || other.Id.StartsWith(parts[0], StringComparison.Ordinal)));
            if (other?.Record.Endpoints.FirstOrDefault(endpoint => endpoint.Address.Length > 0) is { } target)
            {
                found.Add((target.Address, $"{parts[^1]} {other.Id[..LocalSandbox.ShortIdLength]} {other.Record.Spec.Name}"));
            }
        }

        return found;
    }

    private static LocalContainerRecord WithoutAddresses(LocalContainerRecord record) => record with
    {
        Ports = [],
        Endpoints = [.. record.Endpoints.Select(endpoint => endpoint with { Id = "", Address = "", MacAddress = "", HostLink = "" })],
    };

    private void Look(LocalEntry entry)
    {
        if (entry.Record.Spec.Health is { } check)
        {
            entry.Background = CancellationTokenSource.CreateLinkedTokenSource(stopping);
            entry.BackgroundTask = new HealthChecker(containers, events, time, logger).RunAsync(entry, check, entry.Background.Token);
        }
        else
        {
            entry.Health = null;
        }
    }
}
