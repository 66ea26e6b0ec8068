namespace Coxswain.Api.Schemata;

/// <summary>
/// What types and fields are for, one sentence each: what <c>kubectl explain</c> prints. A type is looked up by its full name, then by its
/// simple one, so that the versions of a kind share their sentences, then by how its name ends, and what all kinds have last.
/// </summary>
public static class SchemaDescriptions
{
    private const string Common = "*";

    private static readonly Lazy<Dictionary<string, Section>> Sections = new(Read);

    /// <summary>What a type is for; empty when nothing is said.</summary>
    public static string Of(Schema schema) => Places(schema.TypeName).Select(section => section.Text).FirstOrDefault(text => text.Length > 0) ?? "";

    /// <summary>What a field of a type is for; empty when nothing is said.</summary>
    public static string Of(Schema schema, string field) =>
        Places(schema.TypeName).Select(section => section.Fields.GetValueOrDefault(field, "")).FirstOrDefault(text => text.Length > 0) ?? "";

    /// <summary>The types that are described, by the names they are described under.</summary>
    internal static IReadOnlyDictionary<string, IReadOnlyCollection<string>> All =>
        Sections.Value.ToDictionary(section => section.Key, section => (IReadOnlyCollection<string>)section.Value.Fields.Keys);

    private static IEnumerable<Section> Places(string typeName)
    {
        var simple = typeName[(typeName.LastIndexOf('.') + 1)..];
        foreach (var name in (string[])
            [
                typeName, simple, simple.EndsWith("Condition", StringComparison.Ordinal) ? "*Condition" : "",
                simple.EndsWith("List", StringComparison.Ordinal) ? "*List" : "", Common,
            ])
        {
            if (Sections.Value.TryGetValue(name, out var section))
            {
                yield return section;
            }
        }
    }

    /// <summary>A section begins with <c># Type</c>; a line is <c>field: sentence</c>, and one without a field is about the type.</summary>
    private static Dictionary<string, Section> Read()
    {
        using var stream = typeof(SchemaDescriptions).Assembly.GetManifestResourceStream("descriptions.txt")
            ?? throw new InvalidOperationException("descriptions.txt is not embedded");
        using var lines = new StreamReader(stream);
        var sections = new Dictionary<string, Section>(StringComparer.Ordinal);
        var section = new Section();
        while (lines.ReadLine() is { } line)
        {
            if (line.StartsWith("# ", StringComparison.Ordinal))
            {
                sections.Add(line[2..], section = new Section());
            }
            else if (line.IndexOf(": ", StringComparison.Ordinal) is > 0 and var colon && line.AsSpan(0, colon).IndexOf(' ') < 0)
            {
                section.Fields.Add(line[..colon], line[(colon + 2)..]);
            }
            else if (line.Length > 0)
            {
                section.Text = line;
            }
        }

        return sections;
    }

    private sealed class Section
    {
        public string Text { get; set; } = "";

        public Dictionary<string, string> Fields { get; } = new(StringComparer.Ordinal);
    }
}
