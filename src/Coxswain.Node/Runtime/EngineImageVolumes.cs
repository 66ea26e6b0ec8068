using Coxswain.Engine.Images.Stores;
using Coxswain.Engine.Snapshots;

namespace Coxswain.Node.Runtime;

/// <summary>
/// The files of images as pods' volumes: a snapshot each, which keeps the layers from being removed. What is written there nobody sees, as
/// containers get it read-only.
/// </summary>
internal sealed class EngineImageVolumes(ImageStore images, ISnapshots snapshots)
{
    public async Task<string> MountAsync(string sandboxId, string name, string imageId, CancellationToken cancellationToken)
    {
        var image = await images.FindAsync(imageId, cancellationToken)
            ?? throw new RuntimeException(RuntimeFailure.ImageNotFound, $"image \"{imageId}\" is not here");
        using var lease = await images.LeaseAsync(image, cancellationToken);
        return (await snapshots.EnsureMountedAsync(Prefix(sandboxId) + name, lease.LayerDirectories, cancellationToken)).RootDirectory;
    }

    /// <summary>Idempotent.</summary>
    public async Task RemoveAsync(string sandboxId, CancellationToken cancellationToken)
    {
        foreach (var id in snapshots.ListIds().Where(id => id.StartsWith(Prefix(sandboxId), StringComparison.Ordinal)))
        {
            await snapshots.RemoveAsync(id, cancellationToken);
        }
    }

    private static string Prefix(string sandboxId) => $"image-{sandboxId}-";
}
