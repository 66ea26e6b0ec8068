using Coxswain.Engine.Images;
using Coxswain.Engine.Images.Documents;
using Coxswain.Engine.Images.Layers;
using Coxswain.Engine.Images.Storage;

namespace Coxswain.Engine.Builder.Stages;

/// <summary>What every step that may make a layer shares: looking up its result, remembering it, and the history.</summary>
internal static class LayerSteps
{
    /// <summary>Takes a remembered result if there is one and its layer is still whole.</summary>
    public static bool TryCached(StageState state, BuildContext build, Digest key, string createdBy, BuildStep step)
    {
        if (build.Options.NoCache || build.Cache.Find(key) is not { } record)
        {
            return false;
        }

        if (record is { Layer: { } blob, ChainId: { } chainId })
        {
            if (build.Store.Layers.Find(chainId) is not { } layer || !build.Store.Blobs.Contains(blob.Digest))
            {
                return false;
            }

            state.Push(layer, blob);
        }

        step.Cached();
        state.History.Add(Entry(createdBy, record.Created, record.IsEmpty));
        return true;
    }

    /// <summary>Makes a layer of a filled directory, or none when it is null, and remembers that.</summary>
    public static async Task FinishAsync(
        StageState state, BuildContext build, Digest key, string createdBy, string? content, CancellationToken cancellationToken)
    {
        var now = build.Store.Time.GetUtcNow();
        PackedLayer? packed = null;
        if (content is not null)
        {
            packed = await Task.Run(
                () => LayerPacker.Pack(build.Store.Blobs, build.Store.Layers, build.Session, content, state.ChainId, cancellationToken), cancellationToken);
            state.Push(packed.Layer, packed.Blob);
        }

        build.Cache.Put(
            build.Session, key, new BuildCacheRecord(now, packed?.Blob, packed?.Layer.DiffId, packed?.Layer.ChainId));
        state.History.Add(Entry(createdBy, now, packed is null));
    }

    private static HistoryEntry Entry(string createdBy, DateTimeOffset created, bool isEmpty) =>
        new() { Created = created, CreatedBy = createdBy, EmptyLayer = isEmpty };
}
