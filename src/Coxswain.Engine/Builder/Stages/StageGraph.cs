using System.Globalization;
using Coxswain.Engine.Builder.Dockerfiles;

namespace Coxswain.Engine.Builder.Stages;

/// <summary>Which stages a build needs.</summary>
internal static class StageGraph
{
    /// <summary>The stages to build, in order: the target and what it is made from, nothing else.</summary>
    public static IReadOnlyList<DockerfileStage> Needed(Dockerfile dockerfile, string? target, Func<string, string?> arguments)
    {
        var last = target is null or ""
            ? dockerfile.Stages[^1]
            : FindTarget(dockerfile, target)
                ?? throw new BuildException($"target stage \"{target}\" could not be found");
        var needed = new SortedSet<int>();
        Collect(dockerfile, last, needed, arguments);
        return [.. needed.Select(index => dockerfile.Stages[index])];
    }

    /// <summary>The stage of a name that comes before another.</summary>
    public static DockerfileStage? FindStage(Dockerfile dockerfile, string name, int before) =>
        dockerfile.Stages.Take(before).LastOrDefault(
            stage => stage.From.Name.Length > 0 && stage.From.Name.Equals(name, StringComparison.OrdinalIgnoreCase));

    /// <summary>The stage that <c>COPY --from</c> means by name or number; null when it means an image.</summary>
    public static DockerfileStage? FindSource(Dockerfile dockerfile, CopyInstruction copy, int before)
    {
        if (!int.TryParse(copy.From, NumberStyles.None, CultureInfo.InvariantCulture, out var index))
        {
            return FindStage(dockerfile, copy.From, before);
        }

        return index < before
            ? dockerfile.Stages[index]
            : throw new DockerfileException(copy.Line, $"invalid from flag value {copy.From}: there is no earlier stage of that number");
    }

    private static DockerfileStage? FindTarget(Dockerfile dockerfile, string target) =>
        FindStage(dockerfile, target, dockerfile.Stages.Count)
            ?? (int.TryParse(target, NumberStyles.None, CultureInfo.InvariantCulture, out var index) && index < dockerfile.Stages.Count
                ? dockerfile.Stages[index]
                : null);

    private static void Collect(
        Dockerfile dockerfile, DockerfileStage stage, SortedSet<int> needed, Func<string, string?> arguments)
    {
        if (!needed.Add(stage.Index))
        {
            return;
        }

        var image = new Expander(dockerfile.Escape, arguments, stage.From.Line).Word(stage.From.Image);
        if (FindStage(dockerfile, image, stage.Index) is { } parent)
        {
            Collect(dockerfile, parent, needed, arguments);
        }

        foreach (var copy in stage.Instructions.OfType<CopyInstruction>().Where(copy => copy.From.Length > 0))
        {
            if (FindSource(dockerfile, copy, stage.Index) is { } source)
            {
                Collect(dockerfile, source, needed, arguments);
            }
        }
    }
}
