namespace Coxswain.Node.Options;

/// <summary>When a node is short of something, with Kubernetes' defaults. Zero is never.</summary>
public sealed record EvictionOptions
{
    public static readonly EvictionOptions None = new()
    {
        MemoryAvailableBytes = 0, NodefsAvailable = 0, NodefsInodesFree = 0, ImagefsAvailable = 0, ImagefsInodesFree = 0, ImageHighUse = 0,
    };

    public long MemoryAvailableBytes { get; init; } = 100L * 1024 * 1024;

    /// <summary>Parts of the file system that holds volumes and logs.</summary>
    public double NodefsAvailable { get; init; } = 0.10;

    public double NodefsInodesFree { get; init; } = 0.05;

    /// <summary>Parts of the file system that holds images.</summary>
    public double ImagefsAvailable { get; init; } = 0.15;

    public double ImagefsInodesFree { get; init; } = 0.05;

    /// <summary>A part of the processes the kernel takes. Kubernetes has no default.</summary>
    public double PidsAvailable { get; init; }

    /// <summary>How long a pressure goes on being told after it was last seen, so that it does not flap.</summary>
    public TimeSpan TransitionPeriod { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>How full the images' file system is when unused images begin to go.</summary>
    public double ImageHighUse { get; init; } = 0.85;

    /// <summary>How full it then may stay.</summary>
    public double ImageLowUse { get; init; } = 0.80;

    /// <summary>An image that came later than this is not unused yet.</summary>
    public TimeSpan ImageMinimumAge { get; init; } = TimeSpan.FromMinutes(2);
}
