using System.Text.Json.Serialization;
using Coxswain.Linux.Files;

namespace Coxswain.Engine.Images.Storage;

/// <summary>
/// What our own registry has, beside the images of the store and over the same content: repositories with their manifests and tags. One
/// file, replaced whole; whoever collects content reads it.
/// </summary>
internal sealed class RegistryFile(StorePaths paths)
{
    /// <summary>How long what was uploaded waits for the manifest that names it.</summary>
    public static readonly TimeSpan PendingLife = TimeSpan.FromHours(1);

    private string FilePath => Path.Combine(paths.Images, "registry.json");

    public RegistryDocument Read() =>
        DurableFile.ReadJson(FilePath, RegistryJson.Default.RegistryDocument, out var document) == DurableRead.Whole
            ? document! // Set when whole.
            : new RegistryDocument();

    public void Write(RegistryDocument document) => DurableFile.WriteJson(FilePath, document, RegistryJson.Default.RegistryDocument);

    /// <summary>All content that the registry needs.</summary>
    public IEnumerable<Digest> Roots(DateTimeOffset now)
    {
        foreach (var repository in Read().Repositories.Values)
        {
            foreach (var (digest, manifest) in repository.Manifests)
            {
                yield return Digest.Parse(digest);
                foreach (var blob in manifest.Blobs)
                {
                    yield return Digest.Parse(blob);
                }
            }

            foreach (var (digest, _) in repository.Pending.Where(pending => now - pending.Value < PendingLife))
            {
                yield return Digest.Parse(digest);
            }
        }
    }
}

internal sealed record RegistryDocument
{
    public Dictionary<string, RegistryRepository> Repositories { get; init; } = new(StringComparer.Ordinal);
}

internal sealed record RegistryRepository
{
    public SortedDictionary<string, string> Tags { get; init; } = new(StringComparer.Ordinal);

    /// <summary>By digest.</summary>
    public Dictionary<string, RegistryEntry> Manifests { get; init; } = new(StringComparer.Ordinal);

    /// <summary>Blobs that were uploaded, and when; those that a manifest names are forgotten here after a while.</summary>
    public Dictionary<string, DateTimeOffset> Pending { get; init; } = new(StringComparer.Ordinal);
}

/// <param name="Blobs">What it names: configuration, layers, other manifests.</param>
internal sealed record RegistryEntry(string MediaType, long Size, IReadOnlyList<string> Blobs)
{
    /// <summary>The manifest it is about; null for none.</summary>
    public string? Subject { get; init; }

    public string? ArtifactType { get; init; }

    public SortedDictionary<string, string>? Annotations { get; init; }
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(RegistryDocument))]
internal sealed partial class RegistryJson : JsonSerializerContext;
