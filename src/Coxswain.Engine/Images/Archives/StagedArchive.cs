using Coxswain.Engine.Images.Documents;
using Coxswain.Engine.Images.Layers;
using Coxswain.Engine.Images.Storage;
using Coxswain.Engine.Images.Tar;

namespace Coxswain.Engine.Images.Archives;

/// <summary>The files of an image archive, hashed as they were read from a stream that need not seek.</summary>
internal sealed class StagedArchive
{
    /// <summary>An archive of a hundred images has some thousands.</summary>
    private const int MostFiles = 100_000;

    private readonly Dictionary<string, StagedFile> _files = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> _links = new(StringComparer.Ordinal);

    public static StagedArchive Read(Stream source, StoreSession session, CancellationToken cancellationToken)
    {
        var archive = new StagedArchive();
        using var plain = Compression.OpenRead(source);
        var reader = new TarReader(plain);
        var buffer = new byte[128 * 1024];
        while (reader.Next() is { } entry)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var name = Normalise("", entry.Name);
            if (archive._files.Count + archive._links.Count >= MostFiles)
            {
                throw new ImageException(ImageErrorKind.Invalid, $"the archive holds more than {MostFiles} files");
            }

            if (entry.Type is TarEntryType.SymbolicLink)
            {
                archive._links[name] = Normalise(Parent(name), entry.LinkName);
            }
            else if (entry.Type is TarEntryType.HardLink)
            {
                archive._links[name] = Normalise("", entry.LinkName);
            }
            else if (entry.Type is TarEntryType.File)
            {
                archive._files[name] = Stage(reader, session.NewPath("staged"), buffer);
            }
        }

        return archive;
    }

    public StagedFile? Find(string name)
    {
        name = Normalise("", name);
        // Old archives link equal layers to one another; a chain of links would be somebody's joke.
        return _files.GetValueOrDefault(_links.GetValueOrDefault(name, name));
    }

    public StagedFile? FindBlob(Digest digest) =>
        Find($"blobs/sha256/{digest.Hex}") is { } file
            ? file.Digest == digest
                ? file
                : throw new ImageException(ImageErrorKind.Corrupt, $"blob {digest} of the archive has digest {file.Digest}")
            : null;

    public StagedFile Get(string name) =>
        Find(name) ?? throw new ImageException(ImageErrorKind.Invalid, $"the archive lacks {name}");

    public static byte[] ReadDocument(StagedFile file) =>
        file.Size <= DocumentChecks.MostDocumentBytes
            ? File.ReadAllBytes(file.Path)
            : throw new ImageException(ImageErrorKind.Invalid, $"a document of the archive is too large ({file.Size} bytes)");

    private static StagedFile Stage(TarReader reader, string path, byte[] buffer)
    {
        using var file = new FileStream(path, FileMode.CreateNew, FileAccess.Write, FileShare.None, bufferSize: 0);
        using var hashing = new HashingStream(file);
        int count;
        while ((count = reader.Read(buffer)) > 0)
        {
            hashing.Write(buffer, 0, count);
        }

        return new StagedFile(path, hashing.Digest, hashing.Count);
    }

    private static string Parent(string name) => name.LastIndexOf('/') is var slash and > 0 ? name[..slash] : "";

    private static string Normalise(string directory, string name)
    {
        var parts = new List<string>();
        foreach (var part in $"{directory}/{name}".Split('/', StringSplitOptions.RemoveEmptyEntries))
        {
            if (part == ".." && parts.Count > 0)
            {
                parts.RemoveAt(parts.Count - 1);
            }
            else if (part is not ("." or ".."))
            {
                parts.Add(part);
            }
        }

        return string.Join('/', parts);
    }
}

/// <param name="Path">In the session's directory.</param>
internal sealed record StagedFile(string Path, Digest Digest, long Size);
