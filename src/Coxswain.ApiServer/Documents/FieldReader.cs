using System.Text;
using System.Text.Json;

namespace Coxswain.ApiServer.Documents;

/// <summary>Reads one field of a stored value for a field selector, without decoding the rest.</summary>
internal static class FieldReader
{
    /// <summary>The scalar at a dotted path as selectors compare it; empty when it is absent.</summary>
    public static string Read(ReadOnlySpan<byte> utf8, string path)
    {
        var reader = new Utf8JsonReader(utf8, Document.ReaderOptions);
        reader.Read();
        var rest = path.AsSpan();
        Span<byte> name = stackalloc byte[128];
        while (true)
        {
            var dot = rest.IndexOf('.');
            var part = dot < 0 ? rest : rest[..dot];
            if (reader.TokenType != JsonTokenType.StartObject
                || !Encoding.UTF8.TryGetBytes(part, name, out var length) || !MoveTo(ref reader, name[..length]))
            {
                return "";
            }

            if (dot < 0)
            {
                break;
            }

            rest = rest[(dot + 1)..];
        }

        return reader.TokenType switch
        {
            JsonTokenType.String => reader.GetString()!,
            JsonTokenType.Number => Encoding.UTF8.GetString(reader.ValueSpan),
            JsonTokenType.True => "true",
            JsonTokenType.False => "false",
            _ => "",
        };
    }

    private static bool MoveTo(ref Utf8JsonReader reader, scoped ReadOnlySpan<byte> name)
    {
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var found = reader.ValueTextEquals(name);
            reader.Read();
            if (found)
            {
                return true;
            }

            reader.Skip();
        }

        return false;
    }
}
