using System.Text;
using Coxswain.Engine.Images.Documents;
using Coxswain.Engine.Images.Stores;
using Coxswain.Engine.Images.Tar;

namespace Coxswain.Engine.Images.Archives;

public enum ImageArchiveFormat
{
    /// <summary>Both <c>manifest.json</c> and an OCI layout, as Docker 25 and later write: every tool can read it.</summary>
    Docker,

    /// <summary>An OCI image layout only.</summary>
    Oci,
}

/// <summary>Writes images to an archive for <c>docker load</c> and the like.</summary>
public sealed class ImageSaver(ImageStore store)
{
    /// <param name="references">Names are kept in the archive, images given by id have none there.</param>
    public async Task SaveAsync(
        IReadOnlyList<string> references, Stream target, ImageArchiveFormat format, CancellationToken cancellationToken)
    {
        using var session = await store.OpenSessionAsync(cancellationToken); // Keeps what is being read from being collected.
        var images = new List<(Image Image, List<ImageReference> Names)>();
        foreach (var text in references)
        {
            var image = await store.GetAsync(text, cancellationToken);
            var index = images.FindIndex(known => known.Image.Id == image.Id);
            if (index < 0)
            {
                index = images.Count;
                images.Add((image, []));
            }

            if (ImageReference.TryParse(text, out _) is { } name && image.Tags.Contains(name) && !images[index].Names.Contains(name))
            {
                images[index].Names.Add(name);
            }
        }

        await Task.Run(() => Write(images, target, format, cancellationToken), cancellationToken);
    }

    private void Write(
        List<(Image Image, List<ImageReference> Names)> images, Stream target, ImageArchiveFormat format,
        CancellationToken cancellationToken)
    {
        // Collected into large writes: the target may be a pipe or a socket.
        // Not disposed: the target is the caller's.
        var buffered = new BufferedStream(target, 256 * 1024);
        using (var tar = new TarWriter(buffered))
        {
            tar.Write("oci-layout", Encoding.UTF8.GetBytes("""{"imageLayoutVersion":"1.0.0"}"""), 0);
            WriteDirectory(tar, "blobs/");
            WriteDirectory(tar, "blobs/sha256/");
            var written = new HashSet<Digest>();
            foreach (var (image, _) in images)
            {
                foreach (var digest in image.Manifest.Layers.Select(layer => layer.Digest)
                    .Append(image.Id).Append(image.ManifestDescriptor.Digest))
                {
                    cancellationToken.ThrowIfCancellationRequested();
                    if (written.Add(digest))
                    {
                        WriteBlob(tar, digest);
                    }
                }
            }

            var index = new ImageIndex { MediaType = MediaTypes.OciIndex, Manifests = [.. images.SelectMany(Entries)] };
            tar.Write("index.json", ImageJson.Write(index, ImageJson.Index), 0);
            if (format == ImageArchiveFormat.Docker)
            {
                tar.Write("manifest.json", ImageJson.Write(images.Select(DockerEntry).ToArray(), ImageJson.DockerArchive), 0);
            }
        }

        buffered.Flush();
    }

    private static IEnumerable<Descriptor> Entries((Image Image, List<ImageReference> Names) saved)
    {
        var descriptor = saved.Image.ManifestDescriptor with { Annotations = null };
        return saved.Names.Count == 0
            ? [descriptor]
            : saved.Names.Select(name => descriptor with
            {
                Annotations = new SortedDictionary<string, string>(StringComparer.Ordinal)
                {
                    ["io.containerd.image.name"] = name.ToString(),
                    ["org.opencontainers.image.ref.name"] = name.Tag ?? "",
                },
            });
    }

    private static DockerArchiveEntry DockerEntry((Image Image, List<ImageReference> Names) saved) => new()
    {
        Config = BlobName(saved.Image.Id),
        RepoTags = [.. saved.Names.Select(name => name.Familiar)],
        Layers = [.. saved.Image.Manifest.Layers.Select(layer => BlobName(layer.Digest))],
    };

    private static void WriteDirectory(TarWriter tar, string name) =>
        tar.Write(new TarEntry { Name = name, Type = TarEntryType.Directory, Mode = 0x1ED });

    private void WriteBlob(TarWriter tar, Digest digest)
    {
        using var blob = store.Blobs.OpenRead(digest);
        tar.Write(new TarEntry { Name = BlobName(digest), Type = TarEntryType.File, Size = blob.Length }, blob);
    }

    private static string BlobName(Digest digest) => $"blobs/sha256/{digest.Hex}";
}
