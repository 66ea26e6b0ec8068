using Coxswain.Engine.Images.Layers;
using Coxswain.Linux.Files;

namespace Coxswain.Engine.Builder.Contexts;

/// <summary>Where COPY takes files from: the context, or the tree of a stage or image.</summary>
/// <param name="keepOwners">A context's files become root's; those of an image stay whose they are.</param>
internal sealed class BuildSource(MergedTree tree, DockerIgnore ignore, bool keepOwners, string description)
{
    public bool KeepOwners { get; } = keepOwners;

    public string Description { get; } = description;

    public static BuildSource OfContext(string directory, DockerIgnore ignore) =>
        new(new MergedTree([directory]), ignore, keepOwners: false, "the build context");

    public static BuildSource OfLayers(IReadOnlyList<string> layerDirectories, string description) =>
        new(new MergedTree(layerDirectories), DockerIgnore.None, keepOwners: true, description);

    /// <summary>What a source of COPY names: a path, or all that match a pattern, in byte order. Links are followed.</summary>
    /// <param name="anyDepth">Whether <c>**</c> stands for any number of directories.</param>
    public IReadOnlyList<SourceFile> Find(string pattern, bool anyDepth = false)
    {
        var parts = Clean(pattern);
        var found = new List<SourceFile>();
        if (!parts.Any(PathPattern.HasWildcard))
        {
            Add(found, string.Join('/', parts));
            return found;
        }

        Match(tree.Root, "", parts, 0, found, anyDepth);
        return anyDepth ? [.. found.DistinctBy(file => file.Path)] : found;
    }

    /// <summary>One path, ignored or not; null when nothing is there.</summary>
    public SourceFile? FindExactly(string path) => tree.Find(path) is { } node ? new SourceFile(path, node) : null;

    /// <summary>What lies in a directory and is not ignored.</summary>
    public IEnumerable<SourceFile> Children(SourceFile directory)
    {
        foreach (var child in MergedTree.Children(directory.Node))
        {
            var path = directory.Path.Length == 0 ? child.Name : $"{directory.Path}/{child.Name}";
            var file = new SourceFile(path, child);
            if (!ignore.IsIgnored(path) || (ignore.HasExceptions && child.IsDirectory && HasIncluded(file)))
            {
                yield return file;
            }
        }
    }

    private bool HasIncluded(SourceFile directory) => Children(directory).Any();

    private void Match(MergedNode directory, string prefix, IReadOnlyList<string> parts, int index, List<SourceFile> found, bool anyDepth)
    {
        if (anyDepth && parts[index] == "**" && index < parts.Count - 1)
        {
            Match(directory, prefix, parts, index + 1, found, anyDepth);
            foreach (var child in MergedTree.Children(directory).Where(child => child.IsDirectory))
            {
                Match(child, prefix.Length == 0 ? child.Name : $"{prefix}/{child.Name}", parts, index, found, anyDepth);
            }

            return;
        }

        var pattern = PathPattern.TryCompile(parts[index], doubleStar: false)
            ?? throw new BuildException($"malformed pattern {parts[index]}");
        foreach (var child in MergedTree.Children(directory))
        {
            if (!pattern.IsMatch(child.Name))
            {
                continue;
            }

            var path = prefix.Length == 0 ? child.Name : $"{prefix}/{child.Name}";
            if (index == parts.Count - 1)
            {
                Add(found, path);
            }
            else if (tree.Find(path) is { IsDirectory: true } next)
            {
                Match(next, path, parts, index + 1, found, anyDepth);
            }
        }
    }

    private void Add(List<SourceFile> found, string path)
    {
        if (tree.Find(path) is not { } node)
        {
            return;
        }

        var file = new SourceFile(path, node);
        if (path.Length == 0 || !ignore.IsIgnored(path) || (node.IsDirectory && ignore.HasExceptions && HasIncluded(file)))
        {
            found.Add(file);
        }
    }

    private static List<string> Clean(string path)
    {
        var parts = new List<string>();
        foreach (var part in path.Split('/', StringSplitOptions.RemoveEmptyEntries))
        {
            if (part == "..")
            {
                // As in Docker a path cannot leave the context: it stops at its root.
                parts.RemoveRange(Math.Max(0, parts.Count - 1), Math.Min(1, parts.Count));
            }
            else if (part != ".")
            {
                parts.Add(part);
            }
        }

        return parts;
    }
}

/// <param name="Path">In the source, without a slash in front; empty for its root.</param>
internal sealed record SourceFile(string Path, MergedNode Node)
{
    public string Name => Path[(Path.LastIndexOf('/') + 1)..];

    public FileStatus Status => Node.Status;
}
