using Coxswain.Engine.Images.Storage;

namespace Coxswain.Engine.Images.Stores;

/// <summary>What a user's word for an image means, in the order Docker tries it.</summary>
internal static class ImageLookup
{
    private const string Prefix = "sha256:";

    public static Digest? Find(ReferenceDocument document, string text)
    {
        if (text.StartsWith(Prefix, StringComparison.Ordinal))
        {
            return FindById(document, text[Prefix.Length..]);
        }

        if (ImageReference.TryParse(text, out _) is { } reference && FindByName(document, reference) is { } found)
        {
            return found;
        }

        return FindById(document, text);
    }

    private static Digest? FindByName(ReferenceDocument document, ImageReference reference)
    {
        if (reference.Digest is not { } digest)
        {
            return document.Tags.TryGetValue(reference.ToString(), out var id) ? id : null;
        }

        var repositoryDigest = $"{reference.Repository}@{digest}";
        foreach (var (id, record) in document.Images)
        {
            // A digest names the content whatever the repository; ours may never have been to a registry.
            if (record.Repositories.Contains(repositoryDigest)
                || (record.Manifest.Digest == digest && IsTaggedIn(document, reference.Repository, id)))
            {
                return Digest.Parse(id);
            }
        }

        return null;
    }

    private static bool IsTaggedIn(ReferenceDocument document, string repository, string id) =>
        document.Tags.Any(tag => tag.Value.ToString() == id && tag.Key.StartsWith(repository + ":", StringComparison.Ordinal));

    private static Digest? FindById(ReferenceDocument document, string hex)
    {
        if (hex.Length is 0 or > 64 || !hex.All(char.IsAsciiHexDigitLower))
        {
            return null;
        }

        Digest? found = null;
        foreach (var id in document.Images.Keys)
        {
            if (id.AsSpan(Prefix.Length).StartsWith(hex))
            {
                found = found is null
                    ? Digest.Parse(id)
                    : throw new ImageException(ImageErrorKind.Invalid, $"image id {hex} is ambiguous");
            }
        }

        return found;
    }
}
