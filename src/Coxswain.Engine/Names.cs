namespace Coxswain.Engine;

/// <summary>Ids become file names, so they must be plain.</summary>
internal static class Names
{
    private const int Longest = 128;

    public static void Check(string kind, string id)
    {
        var plain = id.Length is > 0 and <= Longest && id[0] != '.'
            && id.All(character => char.IsAsciiLetterOrDigit(character) || character is '-' or '_' or '.');
        if (!plain)
        {
            throw new EngineException($"not a {kind} id: '{id}' (letters, digits, dashes, underscores and dots)");
        }
    }
}
