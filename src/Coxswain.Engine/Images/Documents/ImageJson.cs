using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;

namespace Coxswain.Engine.Images.Documents;

/// <summary>Reads and writes the small JSON documents of images; a broken one is an <see cref="ImageException"/>.</summary>
internal static class ImageJson
{
    private static readonly ImageJsonContext Context = new(new JsonSerializerOptions
    {
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        // created_by holds shell commands; they should read as they were written.
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        AllowDuplicateProperties = false,
        RespectNullableAnnotations = true,
    });

    public static JsonTypeInfo<ImageManifest> Manifest => Context.ImageManifest;

    public static JsonTypeInfo<ImageIndex> Index => Context.ImageIndex;

    public static JsonTypeInfo<ImageConfiguration> Configuration => Context.ImageConfiguration;

    public static JsonTypeInfo<DockerArchiveEntry[]> DockerArchive => Context.DockerArchiveEntryArray;

    public static byte[] Write<T>(T value, JsonTypeInfo<T> type) => JsonSerializer.SerializeToUtf8Bytes(value, type);

    public static T Read<T>(ReadOnlySpan<byte> json, JsonTypeInfo<T> type, string what)
    {
        try
        {
            var document = JsonSerializer.Deserialize(json, type)
                ?? throw new ImageException(ImageErrorKind.Invalid, $"{what} is empty");
            DocumentChecks.Check(document, what);
            return document;
        }
        catch (Exception exception) when (exception is JsonException or ArgumentException or InvalidOperationException)
        {
            throw new ImageException(ImageErrorKind.Invalid, $"{what} is not valid: {exception.Message}", exception);
        }
    }
}

[JsonSerializable(typeof(ImageManifest))]
[JsonSerializable(typeof(ImageIndex))]
[JsonSerializable(typeof(ImageConfiguration))]
[JsonSerializable(typeof(DockerArchiveEntry[]))]
internal sealed partial class ImageJsonContext : JsonSerializerContext;
