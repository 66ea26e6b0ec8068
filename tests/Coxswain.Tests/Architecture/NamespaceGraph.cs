using System.Text.RegularExpressions;

namespace Coxswain.Tests.Architecture;

/// <summary>Which namespaces of one project use which, as its sources say.</summary>
internal sealed partial class NamespaceGraph
{
    private readonly Dictionary<string, HashSet<string>> _uses = new(StringComparer.Ordinal);

    public static NamespaceGraph Read(string folder) => Of(
        Directory.EnumerateFiles(folder, "*.cs", SearchOption.AllDirectories)
            .Where(path => !path.Contains("/obj/", StringComparison.Ordinal) && !path.Contains("/bin/", StringComparison.Ordinal))
            .Order(StringComparer.Ordinal).Select(File.ReadAllText));

    public static NamespaceGraph Of(IEnumerable<string> sources)
    {
        var graph = new NamespaceGraph();
        var files = sources.Select(Source.Parse).Where(source => source.Namespace.Length > 0).ToList();
        var types = files.GroupBy(source => source.Namespace, StringComparer.Ordinal)
            .ToDictionary(group => group.Key, group => group.SelectMany(source => source.Types).ToHashSet(StringComparer.Ordinal), StringComparer.Ordinal);
        foreach (var file in files)
        {
            graph.Add(file, types);
        }

        return graph;
    }

    /// <summary>Each set of namespaces that can all reach one another, by their names.</summary>
    public IReadOnlyList<string> Circles()
    {
        var reach = _uses.Keys.ToDictionary(name => name, Reachable, StringComparer.Ordinal);
        return [.. reach.Keys.Where(name => reach[name].Contains(name))
            .Select(name => string.Join(", ", reach[name].Where(other => reach.TryGetValue(other, out var back) && back.Contains(name)).Order(StringComparer.Ordinal)))
            .Distinct().Order(StringComparer.Ordinal)];
    }

    /// <summary>What uses what within the circles, a line each: where to cut.</summary>
    public IReadOnlyList<string> CircularUses()
    {
        var reach = _uses.Keys.ToDictionary(name => name, Reachable, StringComparer.Ordinal);
        return [.. _uses.SelectMany(use => use.Value.Where(used => reach.TryGetValue(used, out var back) && back.Contains(use.Key))
            .Select(used => $"{use.Key} uses {used}")).Order(StringComparer.Ordinal)];
    }

    private void Add(Source file, Dictionary<string, HashSet<string>> types)
    {
        if (!_uses.TryGetValue(file.Namespace, out var uses))
        {
            _uses.Add(file.Namespace, uses = new HashSet<string>(StringComparer.Ordinal));
        }

        uses.UnionWith(file.Usings.Where(name => types.ContainsKey(name) && name != file.Namespace));

        // What lies around a namespace is visible in it; the nearest declaration of a name counts.
        foreach (var word in file.Words.Where(word => !types[file.Namespace].Contains(word) && !uses.Any(name => types[name].Contains(word))))
        {
            foreach (var outer in Outer(file.Namespace))
            {
                if (types.TryGetValue(outer, out var declared) && declared.Contains(word))
                {
                    uses.Add(outer);
                    break;
                }
            }
        }

        foreach (var qualified in file.Qualified)
        {
            foreach (var outer in Outer(file.Namespace).Prepend(file.Namespace))
            {
                var name = $"{outer}.{qualified.Namespace}";
                if (name != file.Namespace && types.TryGetValue(name, out var declared) && declared.Contains(qualified.Type))
                {
                    uses.Add(name);
                }
            }
        }
    }

    private HashSet<string> Reachable(string from)
    {
        var found = new HashSet<string>(StringComparer.Ordinal);
        var pending = new Stack<string>([from]);
        while (pending.TryPop(out var name))
        {
            foreach (var next in _uses.GetValueOrDefault(name) ?? [])
            {
                if (found.Add(next))
                {
                    pending.Push(next);
                }
            }
        }

        return found;
    }

    private static IEnumerable<string> Outer(string name)
    {
        for (var dot = name.LastIndexOf('.'); dot > 0; dot = name.LastIndexOf('.', dot - 1))
        {
            yield return name[..dot];
        }
    }

    private sealed record Source(
        string Namespace, IReadOnlyList<string> Usings, IReadOnlyList<string> Types, IReadOnlyList<string> Words,
        IReadOnlyList<(string Namespace, string Type)> Qualified)
    {
        public static Source Parse(string text)
        {
            text = CommentsAndStrings().Replace(text, " ");
            var name = NamespaceLine().Match(text).Groups[1].Value;
            List<string> usings = [.. UsingLine().Matches(text).Select(match => match.Groups[2].Value)];
            List<string> types = [.. TypeDeclaration().Matches(text).Select(match => match.Groups[1].Value)];

            // An alias or a static using names a type: its namespace is what comes before.
            usings.AddRange(UsingLine().Matches(text).Where(match => match.Groups[1].Length > 0 && match.Groups[2].Value.Contains('.', StringComparison.Ordinal))
                .Select(match => match.Groups[2].Value[..match.Groups[2].Value.LastIndexOf('.')]).ToList());
            var body = UsingLine().Replace(text, " ");
            return new Source(
                name, usings, types, [.. Word().Matches(body).Select(match => match.Value).Distinct()],
                [.. QualifiedName().Matches(body).Select(match => (match.Groups[1].Value, match.Groups[2].Value)).Distinct()]);
        }
    }

    [GeneratedRegex("""//[^\n]*|/\*.*?\*/|\"{3}.*?\"{3}|@"(?:[^"]|"")*"|"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)+'""", RegexOptions.Singleline)]
    private static partial Regex CommentsAndStrings();

    [GeneratedRegex(@"^namespace ([\w.]+)\s*;", RegexOptions.Multiline)]
    private static partial Regex NamespaceLine();

    [GeneratedRegex(@"^(?:global )?using (static |\w+ = )?([\w.]+);", RegexOptions.Multiline)]
    private static partial Regex UsingLine();

    [GeneratedRegex(@"^(?:(?:public|internal|file|sealed|static|abstract|partial|readonly|ref|unsafe) )*(?:class|struct|interface|enum|record(?: struct| class)?|delegate [\w<>?\[\], ]+) (\w+)", RegexOptions.Multiline)]
    private static partial Regex TypeDeclaration();

    [GeneratedRegex(@"(?<![\w.])[A-Z]\w*")]
    private static partial Regex Word();

    [GeneratedRegex(@"(?<![\w.])((?:[A-Z]\w*\.)*[A-Z]\w*)\.([A-Z]\w*)")]
    private static partial Regex QualifiedName();
}
