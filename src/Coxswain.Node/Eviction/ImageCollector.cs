using Coxswain.Node.Options;
using Coxswain.Node.Runtime;
using Microsoft.Extensions.Logging;

namespace Coxswain.Node.Eviction;

/// <summary>Removes images that no container was made of, the longest unused first. For one caller at a time.</summary>
internal sealed partial class ImageCollector(IPodRuntime runtime, INodeMeter meter, EvictionOptions options, TimeProvider time, ILogger logger)
{
    /// <summary>When each image was first and last seen in use; of the images that are here, so no more than these.</summary>
    private readonly Dictionary<string, (DateTimeOffset Detected, DateTimeOffset LastUsed)> _known = new(StringComparer.Ordinal);

    /// <summary>Makes room when the file system of images is fuller than it should be.</summary>
    public async Task CollectAsync(CancellationToken cancellationToken)
    {
        await LookAsync(cancellationToken);
        if (options.ImageHighUse > 0 && Use() >= options.ImageHighUse)
        {
            await RemoveUnusedAsync(() => Use() <= options.ImageLowUse, cancellationToken);
        }
    }

    /// <summary>Removes unused images until there is enough room, or none is left.</summary>
    public async Task RemoveUnusedAsync(Func<bool> isEnough, CancellationToken cancellationToken)
    {
        var used = await LookAsync(cancellationToken);
        var now = time.GetUtcNow();
        var unused = _known.Where(image => !used.Contains(image.Key) && now - image.Value.Detected >= options.ImageMinimumAge)
            .OrderBy(image => image.Value.LastUsed).ThenBy(image => image.Value.Detected).ThenBy(image => image.Key, StringComparer.Ordinal)
            .Select(image => image.Key).ToList();
        foreach (var image in unused)
        {
            if (isEnough())
            {
                return;
            }

            try
            {
                await runtime.RemoveImageAsync(image, cancellationToken);
                _known.Remove(image);
                Log.Removed(logger, image);
            }
            catch (RuntimeException exception)
            {
                Log.NotRemoved(logger, exception, image);
            }
        }
    }

    /// <summary>The images containers were made of.</summary>
    private async Task<HashSet<string>> LookAsync(CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        var used = (await runtime.ListContainersAsync(cancellationToken)).Select(container => container.ImageId).ToHashSet(StringComparer.Ordinal);
        var here = (await runtime.ListImagesAsync(cancellationToken)).Select(image => image.Id).ToHashSet(StringComparer.Ordinal);
        foreach (var gone in _known.Keys.Where(image => !here.Contains(image)).ToList())
        {
            _known.Remove(gone);
        }

        foreach (var image in here)
        {
            var before = _known.TryGetValue(image, out var known) ? known : (Detected: now, LastUsed: DateTimeOffset.MinValue);
            _known[image] = used.Contains(image) ? before with { LastUsed = now } : before;
        }

        return used;
    }

    private double Use()
    {
        var disk = meter.Read().Imagefs;
        return disk.CapacityBytes == 0 ? 0 : 1 - ((double)disk.AvailableBytes / disk.CapacityBytes);
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Information, "Removed unused image {Image} to make room")]
        public static partial void Removed(ILogger logger, string image);

        [LoggerMessage(LogLevel.Warning, "Unused image {Image} could not be removed")]
        public static partial void NotRemoved(ILogger logger, Exception exception, string image);
    }
}
