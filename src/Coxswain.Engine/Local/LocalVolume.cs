namespace Coxswain.Engine.Local;

/// <summary>A named directory that outlives containers.</summary>
/// <param name="Anonymous">Its name is nobody's choice.</param>
public sealed record LocalVolume(string Name, DateTimeOffset CreatedAt, IReadOnlyDictionary<string, string> Labels, bool Anonymous)
{
    public IReadOnlyDictionary<string, string> Options { get; init; } = new Dictionary<string, string>();
}
