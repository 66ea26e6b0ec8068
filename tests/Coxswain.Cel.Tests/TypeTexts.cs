using Coxswain.Cel.Types;

namespace Coxswain.Cel.Tests;

/// <summary>Types as the cases write them.</summary>
internal static class TypeTexts
{
    public static CelType Parse(string text)
    {
        var open = text.IndexOf('(');
        if (open < 0)
        {
            return Named(text);
        }

        var parts = Split(text[(open + 1)..^1]).Select(Parse).ToList();
        return text[..open] switch
        {
            "list" => CelType.List(parts[0]),
            "map" => CelType.Map(parts[0], parts[1]),
            "type" => CelType.Type(parts[0]),
            _ => CelType.Optional(parts[0]),
        };
    }

    public static CelType Named(string name) => name switch
    {
        "bool" => CelType.Bool,
        "int" => CelType.Int,
        "uint" => CelType.Uint,
        "double" => CelType.Double,
        "string" => CelType.String,
        "bytes" => CelType.Bytes,
        "null" or "null_type" => CelType.Null,
        "duration" or "google.protobuf.Duration" => CelType.Duration,
        "timestamp" or "google.protobuf.Timestamp" => CelType.Timestamp,
        "list" => CelType.List(CelType.Dyn),
        "map" => CelType.Map(CelType.Dyn, CelType.Dyn),
        "type" => CelType.Type(CelType.Dyn),
        "optional_type" => CelType.Optional(CelType.Dyn),
        "dyn" => CelType.Dyn,
        _ => CelType.Opaque(name),
    };

    private static IEnumerable<string> Split(string text)
    {
        var (depth, start) = (0, 0);
        for (var i = 0; i < text.Length; i++)
        {
            depth += text[i] == '(' ? 1 : text[i] == ')' ? -1 : 0;
            if (text[i] == ',' && depth == 0)
            {
                yield return text[start..i].Trim();
                start = i + 1;
            }
        }

        yield return text[start..].Trim();
    }
}
