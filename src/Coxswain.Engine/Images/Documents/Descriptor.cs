using System.Text.Json;
using System.Text.Json.Serialization;

namespace Coxswain.Engine.Images.Documents;

/// <summary>Names one blob: what it is, where it is found by content, how long it is.</summary>
public sealed record Descriptor(
    [property: JsonPropertyName("mediaType")] string MediaType,
    [property: JsonPropertyName("digest")] Digest Digest,
    [property: JsonPropertyName("size")] long Size)
{
    [JsonPropertyName("platform")]
    public Platform? Platform { get; init; }

    [JsonPropertyName("annotations")]
    public SortedDictionary<string, string>? Annotations { get; init; }

    [JsonExtensionData]
    public Dictionary<string, JsonElement>? Other { get; set; }
}

public sealed record Platform(
    [property: JsonPropertyName("architecture")] string Architecture,
    [property: JsonPropertyName("os")] string OperatingSystem)
{
    [JsonPropertyName("variant")]
    public string? Variant { get; init; }

    [JsonExtensionData]
    public Dictionary<string, JsonElement>? Other { get; set; }

    /// <summary>This machine's platform, in Go's words.</summary>
    public static Platform Current { get; } = new(
        System.Runtime.InteropServices.RuntimeInformation.OSArchitecture switch
        {
            System.Runtime.InteropServices.Architecture.X64 => "amd64",
            System.Runtime.InteropServices.Architecture.X86 => "386",
            System.Runtime.InteropServices.Architecture.Arm => "arm",
            var other => other.ToString().ToLowerInvariant(),
        },
        "linux");

    public bool Runs(Platform other) => other.Architecture == Architecture && other.OperatingSystem == OperatingSystem;

    /// <summary>Reads <c>linux/amd64</c> or <c>linux/arm64/v8</c>.</summary>
    public static Platform Parse(string text)
    {
        var parts = text.Split('/');
        return parts.Length is 2 or 3 && parts.All(part => part.Length > 0)
            ? new Platform(parts[1], parts[0]) { Variant = parts.Length == 3 ? parts[2] : null }
            : throw new ImageException(ImageErrorKind.Invalid, $"invalid platform \"{text}\": expected os/architecture");
    }

    public override string ToString() => $"{OperatingSystem}/{Architecture}{(Variant is null ? "" : "/" + Variant)}";
}
