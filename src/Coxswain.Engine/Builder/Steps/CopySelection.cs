using Coxswain.Engine.Builder.Contexts;

namespace Coxswain.Engine.Builder.Steps;

/// <summary>What the flags of a COPY say on its sources.</summary>
/// <param name="Parents">Sources keep the directories they are named with.</param>
/// <param name="Excludes">What is left out: matched below a source that is a directory, and with the name of one that is a file.</param>
internal sealed record CopySelection(bool Parents, DockerIgnore Excludes)
{
    public static CopySelection All { get; } = new(Parents: false, DockerIgnore.None);

    public bool IsExcluded(string relativePath) => Excludes.IsIgnored(relativePath);

    /// <summary>How many directories of a source stand before its <c>/./</c>, and so are not kept.</summary>
    public static int PivotOf(string source)
    {
        var pivot = source.IndexOf("/./", StringComparison.Ordinal);
        return pivot <= 0 ? 0 : source[..pivot].Split('/').Count(part => part is not ("" or "."));
    }
}
