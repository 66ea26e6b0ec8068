using Coxswain.Linux.Files;

namespace Coxswain.Node.Volumes;

/// <summary>Finds a subPath inside a volume, making a missing directory, and never leaves the volume by a symbolic link.</summary>
internal static class SubPaths
{
    public static string Resolve(string volumePath, string subPath)
    {
        if (Path.IsPathRooted(subPath) || subPath.Split('/').Contains(".."))
        {
            throw new VolumeException($"subPath \"{subPath}\" must be relative and stay inside the volume");
        }

        var root = FileNodes.RealPath(volumePath);
        var current = root;
        foreach (var part in subPath.Split('/', StringSplitOptions.RemoveEmptyEntries))
        {
            var next = Path.Combine(current, part);
            if (!Path.Exists(next) && new FileInfo(next).LinkTarget is null)
            {
                Directory.CreateDirectory(next);
            }

            current = FileNodes.RealPath(next);
            if (current != root && !current.StartsWith(root + "/", StringComparison.Ordinal))
            {
                throw new VolumeException($"subPath \"{subPath}\" leads out of the volume");
            }
        }

        return current;
    }
}
