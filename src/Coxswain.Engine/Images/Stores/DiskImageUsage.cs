using Coxswain.Engine.Containers;
using Coxswain.Engine.Containers.Records;
using Coxswain.Engine.Snapshots;
using Coxswain.Linux.Mounts;
using Microsoft.Extensions.Logging.Abstractions;

namespace Coxswain.Engine.Images.Stores;

/// <summary>
/// Reads from disk which images the engine's containers use, so that it holds in any process, whether or not the engine runs.
/// A container says its image by the label <see cref="ImageIdLabel"/>.
/// </summary>
public sealed class DiskImageUsage(EngineOptions options, IMounts mounts) : IImageUsage
{
    /// <summary>Put it on a container's spec, with the image's id as its value.</summary>
    public const string ImageIdLabel = "coxswain.dev/image-id";

    public Task<IReadOnlyList<ImageUse>> ListAsync(CancellationToken cancellationToken)
    {
        // One that cannot be read holds no image, and its snapshot still protects the layers.
        var store = new ContainerStore(new ContainerPaths(options), NullLogger<ContainerStore>.Instance);
        var uses = new List<ImageUse>();
        foreach (var (id, record, task) in store.Load())
        {
            if (Digest.TryParse(record?.Spec.Labels.GetValueOrDefault(ImageIdLabel), out var image))
            {
                uses.Add(new ImageUse(image, id, task.State != ContainerState.Exited));
            }
        }

        return Task.FromResult<IReadOnlyList<ImageUse>>(uses);
    }

    public Task<IReadOnlyCollection<string>> ListLayerDirectoriesAsync(CancellationToken cancellationToken) =>
        Task.FromResult<IReadOnlyCollection<string>>(
            [.. new OverlaySnapshots(options, mounts).List().SelectMany(snapshot => snapshot.LayerDirectories)]);
}
