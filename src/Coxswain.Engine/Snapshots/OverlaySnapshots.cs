using System.Collections.Concurrent;
using System.Text;
using Coxswain.Linux.Files;
using Coxswain.Linux.Mounts;

namespace Coxswain.Engine.Snapshots;

/// <summary>Snapshots as overlayfs mounts: <c>snapshots/ID/{root,upper,work}</c>, and the layers' paths in <c>layers.json</c>.</summary>
internal sealed class OverlaySnapshots(EngineOptions options, IMounts mounts) : ISnapshots
{
    private const int MostLayers = 500;

    // The kernel copies one page of options, and cuts off what is longer.
    private const int MostOptionBytes = 4000;

    /// <summary>
    /// volatile: an unmount does not sync the whole disk first. What a container wrote to its root need not survive a
    /// power failure, and with it goes the mark by which overlayfs would refuse such a root afterwards.
    /// redirect_dir: a renamed directory must be whole in the upper directory, which the builder takes for a layer; some
    /// kernels would otherwise leave a note that only this stack of layers understands.
    /// </summary>
    private const string Options = "index=off,metacopy=off,redirect_dir=off,volatile";

    private readonly string _directory = Path.Combine(options.DataDirectory, "snapshots");
    private readonly ConcurrentDictionary<string, byte> _mounted = new(StringComparer.Ordinal);

    public async Task<Snapshot> PrepareAsync(
        string id, IReadOnlyList<string> layerDirectories, CancellationToken cancellationToken)
    {
        Names.Check("snapshot", id);
        if (layerDirectories.Count > MostLayers)
        {
            throw new EngineException($"{layerDirectories.Count} layers are more than overlayfs takes ({MostLayers})");
        }

        var directory = Path.Combine(_directory, id);
        var snapshot = SnapshotOf(id, layerDirectories);
        foreach (var part in new[] { snapshot.RootDirectory, snapshot.UpperDirectory, WorkOf(id), EmptyOf(id) })
        {
            Directory.CreateDirectory(part);
        }

        var layersFile = Path.Combine(directory, "layers.json");
        if (Find(id) is not { } known || !known.LayerDirectories.SequenceEqual(layerDirectories))
        {
            // A flush takes milliseconds.
            await Task.Run(
                () => DurableFile.WriteJson(layersFile, layerDirectories, SnapshotJson.Default.IReadOnlyListString), cancellationToken);
        }

        mounts.Unmount(snapshot.RootDirectory);
        TreeRemover.Remove(Path.Combine(WorkOf(id), "work", "incompat", "volatile"));
        MountOverlay(snapshot, directory);
        _mounted[id] = 0;
        return snapshot;
    }

    public async Task<Snapshot> EnsureMountedAsync(
        string id, IReadOnlyList<string> layerDirectories, CancellationToken cancellationToken)
    {
        var root = SnapshotOf(id, layerDirectories).RootDirectory;
        return _mounted.ContainsKey(id) || mounts.List().Any(mount => mount.MountPoint == root)
            ? SnapshotOf(id, layerDirectories)
            : await PrepareAsync(id, layerDirectories, cancellationToken);
    }

    public Snapshot? Find(string id)
    {
        Names.Check("snapshot", id);
        // Which layers a damaged one had, nobody knows: it is none, until it is prepared again or removed.
        return DurableFile.ReadJson(
            Path.Combine(_directory, id, "layers.json"), SnapshotJson.Default.IReadOnlyListString, out var layers) == DurableRead.Whole
            ? SnapshotOf(id, layers!) // Set when whole.
            : null;
    }

    public IReadOnlyList<string> ListIds() =>
        Directory.Exists(_directory)
            ? [.. Directory.EnumerateDirectories(_directory).Select(path => Path.GetFileName(path)).Order(StringComparer.Ordinal)]
            : [];

    public IReadOnlyList<Snapshot> List() =>
        [.. ListIds().Select(Find).OfType<Snapshot>()];

    public Task UnmountAsync(string id, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        Names.Check("snapshot", id);
        _mounted.TryRemove(id, out _);
        mounts.Unmount(SnapshotOf(id, []).RootDirectory);
        return Task.CompletedTask;
    }

    public Task RemoveAsync(string id, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        Names.Check("snapshot", id);
        _mounted.TryRemove(id, out _);
        mounts.Unmount(SnapshotOf(id, []).RootDirectory);
        var directory = Path.Combine(_directory, id);
        return Task.Run(() => TreeRemover.Remove(directory), cancellationToken);
    }

    private Snapshot SnapshotOf(string id, IReadOnlyList<string> layers) => new(
        id, Path.Combine(_directory, id, "root"), Path.Combine(_directory, id, "upper"), layers);

    private string WorkOf(string id) => Path.Combine(_directory, id, "work");

    /// <summary>What overlayfs mounts below the upper directory when there are no layers: it needs at least one.</summary>
    private string EmptyOf(string id) => Path.Combine(_directory, id, "empty");

    private void MountOverlay(Snapshot snapshot, string directory)
    {
        var lower = snapshot.LayerDirectories.Count == 0 ? [EmptyOf(snapshot.Id)] : snapshot.LayerDirectories;
        var upper = $"upperdir={Escape(snapshot.UpperDirectory)},workdir={Escape(WorkOf(snapshot.Id))},{Options}";
        var data = $"lowerdir={string.Join(':', lower.Select(Escape))},{upper}";
        var request = new MountRequest("overlay", snapshot.RootDirectory, "overlay", MountFlags.None, data);
        if (Encoding.UTF8.GetByteCount(data) <= MostOptionBytes)
        {
            mounts.Mount(request);
            return;
        }

        var links = Path.Combine(directory, "l");
        TreeRemover.Remove(links);
        Directory.CreateDirectory(links);
        for (var i = 0; i < lower.Count; i++)
        {
            File.CreateSymbolicLink(Path.Combine(links, i.ToString("x")), lower[i]);
        }

        var names = string.Join(':', Enumerable.Range(0, lower.Count).Select(i => i.ToString("x")));
        mounts.MountFrom(links, request with { Data = $"lowerdir={names},{upper}" });
    }

    /// <summary>Colons part layers and commas options; a backslash makes either of them ordinary.</summary>
    private static string Escape(string path) =>
        path.Replace("\\", "\\\\", StringComparison.Ordinal)
            .Replace(":", "\\:", StringComparison.Ordinal)
            .Replace(",", "\\,", StringComparison.Ordinal);
}
