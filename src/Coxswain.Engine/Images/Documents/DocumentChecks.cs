namespace Coxswain.Engine.Images.Documents;

/// <summary>What the JSON of an image document may say and still make no sense, or ask too much of us.</summary>
internal static class DocumentChecks
{
    /// <summary>What overlayfs mounts over one another.</summary>
    public const int MostLayers = 500;

    public const int MostDocumentBytes = 4 * 1024 * 1024;

    /// <summary>Entries of an index, of an archive's list, of a history.</summary>
    private const int MostEntries = 10_000;

    public static void Check(object document, string what)
    {
        switch (document)
        {
            case ImageManifest manifest:
                Count(manifest.Layers, MostLayers, "layers", what);
                Blobs(manifest.Layers.Append(manifest.Config), what);
                if (manifest.Config.Size > MostDocumentBytes)
                {
                    throw Invalid(what, $"its configuration of {manifest.Config.Size} bytes is too large");
                }

                break;
            case ImageIndex index:
                Count(index.Manifests, MostEntries, "manifests", what);
                Blobs(index.Manifests, what);
                break;
            case ImageConfiguration configuration:
                // Source-generated readers leave out defaults: what is not in the document is null, whatever its type says.
                if (configuration.RootFilesystem?.DiffIds is null)
                {
                    throw Invalid(what, "it does not name its layers");
                }

                Count(configuration.RootFilesystem.DiffIds, MostLayers, "layers", what);
                Count(configuration.History ?? [], MostEntries, "history entries", what);
                if (configuration.RootFilesystem.DiffIds.Any(id => id.IsEmpty) || configuration.History?.Contains(null!) == true)
                {
                    throw Invalid(what, "a layer or history entry is empty");
                }

                Words(configuration.Config, what);

                break;
            case DockerArchiveEntry[] entries:
                Count(entries, MostEntries, "images", what);
                foreach (var entry in entries)
                {
                    Entry(entry, what);
                }

                break;
            default:
                break;
        }
    }

    private static void Entry(DockerArchiveEntry? entry, string what)
    {
        if (entry?.Config is null || entry.Layers is null || entry.Layers.Contains(null!) || entry.RepoTags?.Contains(null!) == true)
        {
            throw Invalid(what, "an entry lacks its configuration, layers or a name");
        }

        Count(entry.Layers, MostLayers, "layers", what);
        Count(entry.RepoTags ?? [], MostEntries, "names", what);
    }

    private static void Words(ContainerConfig? config, string what)
    {
        IReadOnlyList<string>?[] lists =
            [config?.Env, config?.Entrypoint, config?.Cmd, config?.OnBuild, config?.Shell, config?.Healthcheck?.Test];
        if (lists.Any(list => list?.Contains(null!) == true))
        {
            throw Invalid(what, "a word of its command, environment or triggers is null");
        }
    }

    private static void Blobs(IEnumerable<Descriptor?> descriptors, string what)
    {
        foreach (var descriptor in descriptors)
        {
            if (descriptor is null || descriptor.Digest.IsEmpty)
            {
                throw Invalid(what, "a descriptor names no content");
            }

            if (descriptor.Size < 0)
            {
                throw Invalid(what, $"the size of {descriptor.Digest} is negative");
            }
        }
    }

    private static void Count<T>(IReadOnlyCollection<T> items, int most, string kind, string what)
    {
        if (items.Count > most)
        {
            throw Invalid(what, $"{items.Count} {kind} are more than the {most} allowed");
        }
    }

    private static ImageException Invalid(string what, string problem) =>
        new(ImageErrorKind.Invalid, $"{what} is not valid: {problem}");
}
