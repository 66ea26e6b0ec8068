using Coxswain.Engine.Images.Layers;
using Coxswain.Linux.Files;

namespace Coxswain.Engine.Builder.Steps;

/// <summary>
/// The empty files and directories that runc makes in a root to mount things on. They are not the command's doing, so they do
/// not belong into its layer.
/// </summary>
internal sealed class StepLeftovers
{
    public const string Hosts = "/etc/hosts";
    public const string ResolverConfiguration = "/etc/resolv.conf";

    /// <summary>Children before their parents.</summary>
    private static readonly string[] MountPoints =
        [Hosts, ResolverConfiguration, "/etc", "/sys/fs/cgroup", "/sys/fs", "/sys", "/proc", "/dev/pts", "/dev/shm", "/dev/mqueue", "/dev"];

    private readonly List<string> _missing = [];

    private StepLeftovers()
    {
    }

    /// <summary>Notes which mount points the layers lack.</summary>
    public static StepLeftovers Look(IReadOnlyList<string> layerDirectories)
    {
        var leftovers = new StepLeftovers();
        var tree = new MergedTree(layerDirectories);
        foreach (var path in MountPoints)
        {
            if (tree.Find(path, followLast: false) is null)
            {
                leftovers._missing.Add(path);
            }
        }

        return leftovers;
    }

    public void Remove(string upperDirectory)
    {
        foreach (var path in _missing)
        {
            var place = upperDirectory + path;
            var isEmpty = FileStatus.TryRead(place) switch
            {
                { IsDirectory: true } => FileNodes.Names(place).Count == 0,
                { IsRegular: true, Size: 0 } => true,
                _ => false,
            };
            if (isEmpty)
            {
                TreeRemover.Remove(place);
            }
        }
    }
}
