using Coxswain.Cel.Syntax;

namespace Coxswain.Cel;

/// <summary>What became of a source.</summary>
/// <param name="Program">Null when there are issues.</param>
public sealed record CelCompilation(string Source, CelProgram? Program, IReadOnlyList<CelIssue> Issues)
{
    /// <summary>The issues with their places, as cel-go prints them.</summary>
    public string Message => string.Join('\n', Issues.Select(issue => issue.Format(Source)));
}
