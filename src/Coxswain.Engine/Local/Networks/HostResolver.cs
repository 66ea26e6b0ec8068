namespace Coxswain.Engine.Local.Networks;

/// <summary>The machine's own resolver file, read anew each time: it is small, and a laptop's changes with every network it joins.</summary>
internal static class HostResolver
{
    private const string FilePath = "/etc/resolv.conf";

    public static IReadOnlyList<string> Servers() =>
        [.. Lines().Where(line => line is ["nameserver", _, ..]).Select(line => line[1])];

    /// <summary>Its search and options lines as they are.</summary>
    public static IReadOnlyList<string> Others() =>
        [.. Lines().Where(line => line is ["search" or "options" or "domain", _, ..]).Select(line => string.Join(' ', line))];

    private static IEnumerable<string[]> Lines() =>
        File.Exists(FilePath)
            ? File.ReadLines(FilePath).Select(line => line.Split([' ', '\t'], StringSplitOptions.RemoveEmptyEntries))
            : [];
}
