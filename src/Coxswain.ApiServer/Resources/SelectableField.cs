namespace Coxswain.ApiServer.Resources;

/// <summary>A field that selectors may name.</summary>
/// <param name="Path">Where it lies in the stored document.</param>
/// <param name="Zero">What an absent field equals: numbers and booleans have a zero.</param>
internal sealed record SelectableField(string Name, string Path, string Zero = "")
{
    public static SelectableField At(string path, string zero = "") => new(path, path, zero);
}
