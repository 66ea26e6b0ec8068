using System.Text.RegularExpressions;

namespace Coxswain.Engine.Builder.Contexts;

/// <summary>The rules of a <c>.dockerignore</c>: the last rule that matches a path, or a directory above it, decides.</summary>
internal sealed class DockerIgnore
{
    private readonly List<(Regex Pattern, bool Include)> _rules;

    private DockerIgnore(List<(Regex Pattern, bool Include)> rules) => _rules = rules;

    public static DockerIgnore None { get; } = new([]);

    /// <summary>Whether a rule brings something back, so that ignored directories must be looked into.</summary>
    public bool HasExceptions => _rules.Any(rule => rule.Include);

    /// <param name="origin">Where the rules stand, for messages.</param>
    public static DockerIgnore Parse(string text, string origin = ".dockerignore")
    {
        var rules = new List<(Regex, bool)>();
        foreach (var raw in text.TrimStart('\uFEFF').Split('\n'))
        {
            if (raw.StartsWith('#'))
            {
                continue;
            }

            var line = raw.Trim();
            var include = line.StartsWith('!');
            line = Clean(include ? line[1..].TrimStart() : line);
            if (line.Length == 0)
            {
                continue;
            }

            var pattern = PathPattern.TryCompile(line, doubleStar: true)
                ?? throw new BuildException($"malformed pattern in {origin}: {raw.Trim()}");
            rules.Add((pattern, include));
        }

        return new DockerIgnore(rules);
    }

    /// <param name="path">Relative to the context, without a slash in front.</param>
    public bool IsIgnored(string path)
    {
        var ignored = false;
        foreach (var (pattern, include) in _rules)
        {
            // A rule that would change nothing need not be tried.
            if (include == ignored && MatchesPathOrParent(pattern, path))
            {
                ignored = !include;
            }
        }

        return ignored;
    }

    private static bool MatchesPathOrParent(Regex pattern, string path)
    {
        if (pattern.IsMatch(path))
        {
            return true;
        }

        for (var slash = path.LastIndexOf('/'); slash > 0; slash = path.LastIndexOf('/', slash - 1))
        {
            if (pattern.IsMatch(path.AsSpan(0, slash)))
            {
                return true;
            }
        }

        return false;
    }

    private static string Clean(string path)
    {
        var parts = new List<string>();
        foreach (var part in path.Split('/', StringSplitOptions.RemoveEmptyEntries))
        {
            if (part == ".." && parts.Count > 0)
            {
                parts.RemoveAt(parts.Count - 1);
            }
            else if (part is not ("." or ".."))
            {
                parts.Add(part);
            }
        }

        return string.Join('/', parts);
    }
}
