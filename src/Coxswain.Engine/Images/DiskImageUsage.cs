using System.Text.Json;
using Coxswain.Engine.Containers;
using Coxswain.Engine.Snapshots;
using Coxswain.Linux.Mounts;

namespace Coxswain.Engine.Images;

/// <summary>
/// Reads from disk which images the engine's containers use, so that it holds in any process, whether or not the engine runs.
/// A container says its image by the label <see cref="ImageIdLabel"/>.
/// </summary>
public sealed class DiskImageUsage(EngineOptions options, IMounts mounts) : IImageUsage
{
    /// <summary>Put it on a container's spec, with the image's id as its value.</summary>
    public const string ImageIdLabel = "coxswain.dev/image-id";

    public async Task<IReadOnlyList<ImageUse>> ListAsync(CancellationToken cancellationToken)
    {
        var paths = new ContainerPaths(options);
        var uses = new List<ImageUse>();
        if (!Directory.Exists(paths.Containers))
        {
            return uses;
        }

        foreach (var directory in Directory.EnumerateDirectories(paths.Containers))
        {
            if (await ReadAsync(paths.Record(Path.GetFileName(directory)), cancellationToken) is { } record
                && Digest.TryParse(record.Spec.Labels.GetValueOrDefault(ImageIdLabel), out var image))
            {
                uses.Add(new ImageUse(image, record.Id, record.State != ContainerState.Exited));
            }
        }

        return uses;
    }

    public Task<IReadOnlyCollection<string>> ListLayerDirectoriesAsync(CancellationToken cancellationToken) =>
        Task.FromResult<IReadOnlyCollection<string>>(
            [.. new OverlaySnapshots(options, mounts).List().SelectMany(snapshot => snapshot.LayerDirectories)]);

    private static async Task<ContainerRecord?> ReadAsync(string path, CancellationToken cancellationToken)
    {
        try
        {
            return JsonSerializer.Deserialize(
                await File.ReadAllBytesAsync(path, cancellationToken), EngineJson.Default.ContainerRecord);
        }
        catch (Exception exception) when (exception is IOException or JsonException)
        {
            // Being removed, or damaged: then it holds no image, and its snapshot still protects the layers.
            return null;
        }
    }
}
