using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Coxswain.Engine.Images;

/// <summary>A sha256 content address, printed as <c>sha256:hex</c>. Other algorithms are refused.</summary>
[JsonConverter(typeof(DigestJsonConverter))]
public readonly record struct Digest
{
    private const string Prefix = "sha256:";

    private static readonly SearchValues<char> HexDigits = SearchValues.Create("0123456789abcdef");

    private readonly string? _hex;

    private Digest(string hex) => _hex = hex;

    /// <summary>The 64 hexadecimal digits.</summary>
    public string Hex => _hex ?? throw new InvalidOperationException("an empty digest has no digits");

    /// <summary>The twelve digits shown in tables.</summary>
    public string Short => Hex[..12];

    public bool IsEmpty => _hex is null;

    public static Digest Of(ReadOnlySpan<byte> content) => FromHash(SHA256.HashData(content));

    public static Digest FromHash(ReadOnlySpan<byte> hash) => new(Convert.ToHexStringLower(hash));

    public static Digest FromHex(string hex) =>
        IsHex(hex) ? new Digest(hex) : throw new ImageException(ImageErrorKind.Invalid, $"invalid digest {hex}");

    public static Digest Parse(string text) =>
        TryParse(text, out var digest) ? digest : throw new ImageException(ImageErrorKind.Invalid, $"invalid digest \"{text}\"");

    public static bool TryParse([NotNullWhen(true)] string? text, out Digest digest)
    {
        if (text is not null && text.StartsWith(Prefix, StringComparison.Ordinal) && IsHex(text.AsSpan(Prefix.Length)))
        {
            digest = new Digest(text[Prefix.Length..]);
            return true;
        }

        digest = default;
        return false;
    }

    public override string ToString() => _hex is null ? "" : Prefix + _hex;

    private static bool IsHex(ReadOnlySpan<char> text) => text.Length == 64 && !text.ContainsAnyExcept(HexDigits);
}

internal sealed class DigestJsonConverter : JsonConverter<Digest>
{
    public override Digest Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        Digest.TryParse(reader.GetString(), out var digest) ? digest : throw new JsonException("not a sha256 digest");

    public override void Write(Utf8JsonWriter writer, Digest value, JsonSerializerOptions options) =>
        writer.WriteStringValue(value.ToString());
}
