namespace Coxswain.Engine.Images.Storage;

/// <summary>Where everything of the image store lies, below one data directory.</summary>
internal sealed class StorePaths
{
    public StorePaths(string dataDirectory)
    {
        Images = Path.Combine(Path.GetFullPath(dataDirectory), "images");
        Layers = Path.Combine(Path.GetFullPath(dataDirectory), "layers");
    }

    public string Images { get; }

    /// <summary>One directory a chain: <c>fs</c>, usable as an overlay lower directory, and <c>layer.json</c>.</summary>
    public string Layers { get; }

    public string Blobs => Path.Combine(Images, "blobs", "sha256");

    /// <summary>Which images there are and their tags; replaced whole, by rename.</summary>
    public string References => Path.Combine(Images, "references.json");

    /// <summary>What each builder step led to, one small file a step.</summary>
    public string BuildCache => Path.Combine(Images, "cache");

    /// <summary>Work in progress, one directory for each open operation of each process.</summary>
    public string Sessions => Path.Combine(Images, "sessions");

    /// <summary>Blobs as far as they are downloaded.</summary>
    public string Partials => Path.Combine(Images, "partial");

    /// <summary>What <c>RUN --mount=type=cache</c> keeps between builds, one directory an id.</summary>
    public string CacheMounts => Path.Combine(Images, "cache-mounts");

    /// <summary>Held while <see cref="References"/> is changed or a session is born or buried.</summary>
    public string Lock => Path.Combine(Images, "lock");

    /// <summary>Held while an image is unpacked.</summary>
    public string UnpackLock => Path.Combine(Images, "unpack.lock");

    public string Blob(Digest digest) => Path.Combine(Blobs, digest.Hex);

    public string Layer(Digest chainId) => Path.Combine(Layers, chainId.Hex);

    public void Create()
    {
        Directory.CreateDirectory(Blobs);
        Directory.CreateDirectory(Layers);
        Directory.CreateDirectory(BuildCache);
        Directory.CreateDirectory(Sessions);
        Directory.CreateDirectory(Partials);
        Directory.CreateDirectory(CacheMounts);
    }
}
