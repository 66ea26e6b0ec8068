namespace Coxswain.Engine.Snapshots;

/// <summary>Writable root file systems: an overlay of read-only layer directories and a private upper directory.</summary>
public interface ISnapshots
{
    /// <summary>Makes and mounts a snapshot. Made again with the same id, it is mounted as it was left.</summary>
    /// <param name="id">Letters, digits, dashes, underscores and dots.</param>
    /// <param name="layerDirectories">Read-only layers, the top one first. May be empty: the root is then empty.</param>
    Task<Snapshot> PrepareAsync(string id, IReadOnlyList<string> layerDirectories, CancellationToken cancellationToken);

    /// <summary>As <see cref="PrepareAsync"/>, but leaves one that is mounted as it is.</summary>
    Task<Snapshot> EnsureMountedAsync(string id, IReadOnlyList<string> layerDirectories, CancellationToken cancellationToken);

    /// <summary>The snapshot of that id, or null. It is not necessarily mounted (after a reboot it is not).</summary>
    Snapshot? Find(string id);

    IReadOnlyList<Snapshot> List();

    /// <summary>The ids of all, also of those whose layers nobody knows any more.</summary>
    IReadOnlyList<string> ListIds();

    /// <summary>
    /// Unmounts but keeps what was written: the upper directory becomes safe to read as a layer. It is not yet safe from
    /// a power failure; who keeps it syncs it.
    /// </summary>
    Task UnmountAsync(string id, CancellationToken cancellationToken);

    /// <summary>Unmounts and deletes everything that was written. Idempotent.</summary>
    Task RemoveAsync(string id, CancellationToken cancellationToken);
}

/// <param name="RootDirectory">The mounted root.</param>
/// <param name="UpperDirectory">
/// What was written on top of the layers, in overlayfs' own form (whiteouts are character devices 0:0, opaque directories
/// have the xattr <c>trusted.overlay.opaque</c>).
/// </param>
/// <param name="LayerDirectories">The read-only layers below it, top first.</param>
public sealed record Snapshot(
    string Id, string RootDirectory, string UpperDirectory, IReadOnlyList<string> LayerDirectories);
