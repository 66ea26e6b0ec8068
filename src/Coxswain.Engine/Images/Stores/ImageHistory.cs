using Coxswain.Engine.Images.Documents;
using Coxswain.Engine.Images.Storage;

namespace Coxswain.Engine.Images.Stores;

/// <summary>Matches the history of a configuration with the layers it made.</summary>
internal static class ImageHistory
{
    public static IReadOnlyList<ImageHistoryLine> Of(Image image, LayerStore layers)
    {
        var chain = ChainId.All(image.Configuration.RootFilesystem.DiffIds);
        // An imported image need not have a history; its layers still show.
        var history = image.Configuration.History ?? [.. chain.Select(_ => new HistoryEntry())];
        var lines = new List<ImageHistoryLine>(history.Count);
        var next = 0;
        foreach (var entry in history)
        {
            long size = 0;
            if (!entry.EmptyLayer && next < chain.Count)
            {
                size = layers.Find(chain[next])?.SizeBytes
                    ?? (next < image.Manifest.Layers.Count ? image.Manifest.Layers[next].Size : 0);
                next++;
            }

            lines.Add(new ImageHistoryLine(null, entry.Created, entry.CreatedBy ?? "", size, entry.Comment ?? ""));
        }

        lines.Reverse();
        if (lines.Count > 0)
        {
            lines[0] = lines[0] with { Id = image.Id };
        }

        return lines;
    }
}
