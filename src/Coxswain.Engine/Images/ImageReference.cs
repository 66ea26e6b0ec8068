using System.Text.RegularExpressions;

namespace Coxswain.Engine.Images;

/// <summary>
/// A name as users write it, normalised as Docker does: <c>nginx</c> is <c>docker.io/library/nginx:latest</c>.
/// </summary>
public sealed partial record ImageReference
{
    private const string DefaultDomain = "docker.io";
    private const string OfficialPrefix = "library/";

    private ImageReference(string domain, string path, string? tag, Digest? digest)
    {
        Domain = domain;
        Path = path;
        Tag = tag;
        Digest = digest;
    }

    /// <summary>The registry host, with its port when it has one.</summary>
    public string Domain { get; }

    public string Path { get; }

    /// <summary>Never null unless <see cref="Digest"/> is set.</summary>
    public string? Tag { get; }

    public Digest? Digest { get; }

    /// <summary>The repository in full, without tag or digest.</summary>
    public string Repository => $"{Domain}/{Path}";

    /// <summary>The repository as <c>docker images</c> shows it.</summary>
    public string FamiliarRepository =>
        Domain != DefaultDomain ? Repository
        : Path.StartsWith(OfficialPrefix, StringComparison.Ordinal) && !Path.AsSpan(OfficialPrefix.Length).Contains('/')
            ? Path[OfficialPrefix.Length..]
            : Path;

    /// <summary>The reference as <c>docker images</c> shows it, with its tag.</summary>
    public string Familiar => FamiliarRepository + Suffix;

    private string Suffix => (Tag is null ? "" : ":" + Tag) + (Digest is null ? "" : "@" + Digest);

    public static ImageReference Parse(string text) =>
        TryParse(text, out var error) ?? throw new ImageException(ImageErrorKind.Invalid, error);

    /// <summary>The reference, or null and a sentence that says what is wrong with it.</summary>
    public static ImageReference? TryParse(string text, out string error)
    {
        error = $"invalid reference format: \"{text}\"";
        var rest = text;
        Digest? digest = null;
        if (rest.IndexOf('@', StringComparison.Ordinal) is var at and >= 0)
        {
            if (!Images.Digest.TryParse(rest[(at + 1)..], out var parsed))
            {
                return null;
            }

            digest = parsed;
            rest = rest[..at];
        }

        string? tag = null;
        var colon = rest.LastIndexOf(':');
        if (colon >= 0 && !rest.AsSpan(colon).Contains('/'))
        {
            tag = rest[(colon + 1)..];
            rest = rest[..colon];
            if (!TagPattern().IsMatch(tag))
            {
                return null;
            }
        }

        var (domain, path) = SplitDomain(rest);
        if (path.AsSpan().ContainsAnyInRange('A', 'Z'))
        {
            error += ": repository name must be lowercase";
            return null;
        }

        if (HexPattern().IsMatch(path))
        {
            error = $"invalid repository name \"{text}\": cannot specify 64-byte hexadecimal strings";
            return null;
        }

        if (!PathPattern().IsMatch(path) || !DomainPattern().IsMatch(domain))
        {
            return null;
        }

        if (domain.Length + path.Length > 254)
        {
            error += ": repository name must not be more than 255 characters";
            return null;
        }

        if (domain == DefaultDomain && !path.Contains('/', StringComparison.Ordinal))
        {
            path = OfficialPrefix + path;
        }

        return new ImageReference(domain, path, tag ?? (digest is null ? "latest" : null), digest);
    }

    public ImageReference WithDigest(Digest digest) => new(Domain, Path, null, digest);

    /// <summary>The full form; what references are stored under.</summary>
    public override string ToString() => Repository + Suffix;

    private static (string Domain, string Path) SplitDomain(string name)
    {
        var slash = name.IndexOf('/', StringComparison.Ordinal);
        if (slash < 0)
        {
            return (DefaultDomain, name);
        }

        var first = name[..slash];
        var isDomain = first == "localhost" || first.AsSpan().ContainsAny('.', ':') || first.AsSpan().ContainsAnyInRange('A', 'Z');
        if (!isDomain)
        {
            return (DefaultDomain, name);
        }

        return (first == "index.docker.io" ? DefaultDomain : first, name[(slash + 1)..]);
    }

    [GeneratedRegex(@"^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}\z")]
    private static partial Regex TagPattern();

    [GeneratedRegex(@"^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*(?:/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)*\z")]
    private static partial Regex PathPattern();

    [GeneratedRegex(@"^(?:\[[0-9a-fA-F:]+\]|[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?)*)(?::[0-9]+)?\z")]
    private static partial Regex DomainPattern();

    [GeneratedRegex(@"^[a-f0-9]{64}\z")]
    private static partial Regex HexPattern();
}
