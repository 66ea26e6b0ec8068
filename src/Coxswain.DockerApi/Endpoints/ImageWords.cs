using System.Globalization;
using Coxswain.DockerApi.Wire;
using Coxswain.Engine.Images;
using Coxswain.Engine.Images.Stores;

namespace Coxswain.DockerApi.Endpoints;

/// <summary>Images of the store in Docker's words.</summary>
internal static class ImageWords
{
    private const string None = "<none>";

    /// <param name="nameless">How clients before 1.43 know an image without a name.</param>
    /// <param name="patterns">Of the names that were asked for; others the image has are left out. Empty for all.</param>
    public static ImageSummary Summary(Image image, bool nameless, IReadOnlyList<string> patterns) => new()
    {
        Id = image.Id.ToString(),
        RepoTags = image.Tags.Count == 0 && nameless ? [$"{None}:{None}"]
            : patterns.Count == 0 ? Tags(image)
            : [.. image.Tags.Where(tag => patterns.Any(pattern => Matches(tag, pattern))).Select(tag => tag.Familiar)],
        RepoDigests = Digests(image),
        Created = image.Configuration.Created?.ToUnixTimeSeconds() ?? 0,
        Size = image.SizeBytes,
        VirtualSize = image.SizeBytes,
        Labels = image.Config.Labels ?? [],
    };

    public static ImageDetails Details(Image image, IReadOnlyList<string> layerDirectories) => new()
    {
        Id = image.Id.ToString(),
        RepoTags = Tags(image),
        RepoDigests = Digests(image),
        Comment = image.Configuration.History is [.., var last] ? last.Comment ?? "" : "",
        Created = Time(image.Configuration.Created ?? DateTimeOffset.UnixEpoch),
        Author = image.Configuration.Author ?? "",
        Config = image.Config,
        Architecture = image.Configuration.Architecture,
        Variant = image.Configuration.Variant,
        Os = image.Configuration.OperatingSystem,
        Size = image.SizeBytes,
        VirtualSize = image.SizeBytes,
        GraphDriver = new DriverData("overlay2", layerDirectories.Count == 0 ? [] : new SortedDictionary<string, string>
        {
            ["UpperDir"] = layerDirectories[0],
            ["LowerDir"] = string.Join(':', layerDirectories.Skip(1)),
        }),
        RootFs = new ImageRoot("layers", [.. image.Configuration.RootFilesystem.DiffIds.Select(id => id.ToString())]),
        Metadata = new ImageMetadata(Time(image.Added)),
    };

    public static string Time(DateTimeOffset time) =>
        time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fffffff'Z'", CultureInfo.InvariantCulture);

    public static IReadOnlyList<string> Tags(Image image) => [.. image.Tags.Select(tag => tag.Familiar)];

    /// <summary>Whether an image is meant by a pattern such as <c>web*</c> or <c>web:v1</c>, as <c>docker images PATTERN</c> has it.</summary>
    public static bool Matches(Image image, string pattern) => image.Tags.Any(tag => Matches(tag, pattern));

    private static bool Matches(ImageReference reference, string pattern)
    {
        var (name, tag) = pattern.LastIndexOf(':') is var colon and > 0 && !pattern[colon..].Contains('/', StringComparison.Ordinal)
            ? (pattern[..colon], pattern[(colon + 1)..])
            : (pattern, "*");
        return (Glob(name, reference.FamiliarRepository) || Glob(name, reference.Repository)) && Glob(tag, reference.Tag ?? "");
    }

    private static IReadOnlyList<string> Digests(Image image) =>
        [.. image.RepositoryDigests.Select(digest => ImageReference.TryParse(digest, out _)?.Familiar ?? digest)];

    private static bool Glob(string pattern, string text) => System.IO.Enumeration.FileSystemName.MatchesSimpleExpression(pattern, text, ignoreCase: false);
}
