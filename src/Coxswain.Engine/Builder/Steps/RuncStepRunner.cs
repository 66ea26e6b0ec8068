using System.Security.Cryptography;
using System.Text.Json;
using Coxswain.Engine.Containers;
using Coxswain.Engine.Containers.Oci;
using Coxswain.Engine.Images.Stores;
using Coxswain.Engine.Networks;
using Coxswain.Engine.Snapshots;
using Coxswain.Linux.Cgroups;
using Coxswain.Linux.Files;
using Coxswain.Linux.Mounts;
using Coxswain.Linux.Processes;

namespace Coxswain.Engine.Builder.Steps;

/// <summary>
/// Runs steps with runc in the foreground. Everything it makes is below the step's own directory, so that the next to open
/// the store can end and remove what a killed build left.
/// </summary>
/// <param name="network">Null: steps have a network of their own with nothing but loopback, unless they want the host's.</param>
public sealed class RuncStepRunner(
    EngineOptions options, IProcessRunner processes, IMounts mounts, ICgroups cgroups, IContainerNetwork? network)
    : IStepRunner, ISessionRecovery
{
    private const string IdPrefix = "build-";
    private const string Hostname = "buildstep";
    private const string SnapshotId = "step";

    public async Task<int> RunAsync(StepCommand command, Action<StepOutputLine> output, CancellationToken cancellationToken)
    {
        var id = IdPrefix + RandomNumberGenerator.GetHexString(16, lowercase: true);
        var directory = Directory.CreateDirectory(Path.Combine(command.WorkDirectory, id)).FullName;
        var snapshots = new OverlaySnapshots(options with { DataDirectory = directory }, mounts);
        var leftovers = StepLeftovers.Look(command.LayerDirectories);
        var snapshot = await snapshots.PrepareAsync(SnapshotId, command.LayerDirectories, cancellationToken);
        try
        {
            var attachment = await AttachAsync(id, command, cancellationToken);
            await WriteBundleAsync(id, directory, command, snapshot, attachment, cancellationToken);
            var exitCode = await RunAsync(id, directory, output, cancellationToken);
            await snapshots.UnmountAsync(SnapshotId, cancellationToken);
            leftovers.Remove(snapshot.UpperDirectory);
            FileNodes.Rename(snapshot.UpperDirectory, command.UpperDirectory);
            return exitCode;
        }
        finally
        {
            await CleanUpAsync(id, directory);
        }
    }

    public async Task RecoverAsync(string sessionDirectory, CancellationToken cancellationToken)
    {
        foreach (var step in Directory.EnumerateDirectories(sessionDirectory))
        {
            foreach (var directory in Directory.EnumerateDirectories(step, IdPrefix + "*"))
            {
                await CleanUpAsync(Path.GetFileName(directory), directory);
            }
        }

        mounts.UnmountBelow(sessionDirectory);
    }

    private async Task<NetworkAttachment?> AttachAsync(string id, StepCommand command, CancellationToken cancellationToken) =>
        network is not null && command.Network == "default"
            ? await network.AttachAsync(new NetworkAttachRequest(id, Hostname), cancellationToken)
            : null;

    private async Task WriteBundleAsync(
        string id, string directory, StepCommand command, Snapshot snapshot, NetworkAttachment? attachment,
        CancellationToken cancellationToken)
    {
        var address = attachment is null ? "" : $"{attachment.Address}\t{Hostname}\n";
        var hosts = Path.Combine(directory, "hosts");
        var resolver = Path.Combine(directory, "resolv.conf");
        await File.WriteAllTextAsync(
            hosts, $"127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\n{address}", cancellationToken);
        await File.WriteAllTextAsync(
            resolver, command.Network == "host" ? HostResolvConf.ReadOwn() : HostResolvConf.Read(), cancellationToken);
        var spec = new ContainerSpec
        {
            Root = RootFilesystem.FromDirectory(snapshot.RootDirectory),
            Args = command.Args,
            Env = command.Env,
            WorkingDirectory = command.WorkingDirectory,
            User = command.User,
            Hostname = Hostname,
            Namespaces = new ContainerNamespaces
            {
                Network = command.Network == "host" ? ContainerNamespaces.Host : attachment?.NetworkNamespacePath,
            },
            Mounts =
            [
                new ContainerMount(hosts, StepLeftovers.Hosts),
                new ContainerMount(resolver, StepLeftovers.ResolverConfiguration),
                .. command.Mounts.Select(mount => mount.Source is { } source
                    ? new ContainerMount(source, mount.Target, mount.ReadOnly)
                    : new ContainerMount(
                        "tmpfs", mount.Target, Type: "tmpfs", Options: mount.Size.Length > 0 ? [$"size={mount.Size}"] : null)),
            ],
        };
        var config = SpecBuilder.Build(spec, snapshot.RootDirectory, CgroupOf(id), cgroups.Layout);
        await File.WriteAllBytesAsync(
            Path.Combine(directory, "config.json"),
            JsonSerializer.SerializeToUtf8Bytes(config, OciJson.Default.RuntimeSpec),
            cancellationToken);
    }

    private async Task<int> RunAsync(
        string id, string directory, Action<StepOutputLine> output, CancellationToken cancellationToken)
    {
        var spec = new ProcessSpec(options.RuncPath, "--root", RuncRoot(directory), "run", "--bundle", directory, id)
        {
            Streams = ProcessStreams.Output | ProcessStreams.Error,
            // A Ctrl-C at our terminal is for us; we then end the container in order.
            NewSession = true,
        };
        var gate = new Lock();
        await using var child = processes.Start(spec);
        await using var cancel = cancellationToken.Register(() => child.Signal(Signals.Kill));
        var reading = Task.WhenAll(
            ReadAsync(child.Output!, isError: false), ReadAsync(child.Error!, isError: true)); // Asked for above.
        try
        {
            var exitCode = await child.Exited;
            // The kill ended runc but not what it ran, which holds the other ends of the pipes.
            cancellationToken.ThrowIfCancellationRequested();
            await reading;
            return exitCode;
        }
        catch (OperationCanceledException)
        {
            await DeleteAsync(id, directory);
            await reading;
            throw;
        }

        Task ReadAsync(Stream stream, bool isError) => StepLines.ReadAsync(stream, line =>
        {
            lock (gate)
            {
                output(new StepOutputLine(line, isError));
            }
        });
    }

    /// <summary>Takes back everything of a step, as far as it is there. Also after a kill, so nothing is remembered in memory.</summary>
    private async Task CleanUpAsync(string id, string directory)
    {
        await DeleteAsync(id, directory);
        if (network is not null)
        {
            await network.DetachAsync(id, CancellationToken.None);
        }

        await cgroups.RemoveAsync(CgroupOf(id), CancellationToken.None);
        mounts.UnmountBelow(directory);
    }

    private async Task DeleteAsync(string id, string directory)
    {
        if (Directory.Exists(Path.Combine(RuncRoot(directory), id)))
        {
            await processes.RunAsync(
                new ProcessSpec(options.RuncPath, "--root", RuncRoot(directory), "delete", "--force", id), CancellationToken.None);
        }
    }

    private string CgroupOf(string id) => $"{options.CgroupParent}/{id}";

    private static string RuncRoot(string directory) => Path.Combine(directory, "runc");
}
