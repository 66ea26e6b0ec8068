using Coxswain.Engine.Images;
using Coxswain.Engine.Images.Documents;
using Coxswain.Engine.Images.Events;
using Coxswain.Engine.Images.Storage;
using Coxswain.Engine.Images.Stores;

namespace Coxswain.Engine.Builder.Stages;

/// <summary>Makes the image of a finished stage.</summary>
internal static class ImageExport
{
    public static Task<Image> RunAsync(
        BuildContext build, StageState state, IReadOnlyList<ImageReference> tags, CancellationToken cancellationToken)
    {
        var config = state.Config;
        if (build.Options.Labels.Count > 0)
        {
            var labels = new SortedDictionary<string, string>(config.Labels ?? [], StringComparer.Ordinal);
            foreach (var (name, value) in build.Options.Labels)
            {
                labels[name] = value;
            }

            config = config with { Labels = labels };
        }

        var configuration = state.Base with
        {
            Created = null,
            Author = state.Author,
            Config = config,
            RootFilesystem = new RootFilesystemDescription { DiffIds = [.. state.Layers.Select(layer => layer.Layer.DiffId)] },
            History = state.History,
        };
        var stamped = Stamp(build, configuration);
        return build.Store.AddAsync(
            ImageChangeKind.Build, build.Session, stamped, [.. state.Layers.Select(layer => layer.Blob)], tags, cancellationToken);
    }

    /// <summary>
    /// Gives the entries without a time the one they had when the same image was built before: building again then gives the
    /// same image id, and a Deployment sees that nothing changed.
    /// </summary>
    private static ImageConfiguration Stamp(BuildContext build, ImageConfiguration configuration)
    {
        using var hash = new StepKey("image", null);
        var key = hash.Add(System.Text.Encoding.UTF8.GetString(ImageJson.Write(configuration, ImageJson.Configuration))).Finish();
        var record = build.Options.NoCache ? null : build.Cache.Find(key);
        if (record is null)
        {
            record = new BuildCacheRecord(build.Store.Time.GetUtcNow(), null, null, null);
            build.Cache.Put(build.Session, key, record);
        }

        return configuration with
        {
            Created = record.Created,
            History = [.. (configuration.History ?? []).Select(entry => entry with { Created = entry.Created ?? record.Created })],
        };
    }
}
