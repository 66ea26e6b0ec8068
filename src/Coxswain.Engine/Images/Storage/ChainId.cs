using System.Text;

namespace Coxswain.Engine.Images.Storage;

/// <summary>OCI's name for a stack of layers: a hash over the diff ids from the lowest up.</summary>
internal static class ChainId
{
    public static Digest Of(Digest? parent, Digest diffId) =>
        parent is { } below ? Digest.Of(Encoding.ASCII.GetBytes($"{below} {diffId}")) : diffId;

    /// <summary>The chain id of each layer, the lowest first.</summary>
    public static IReadOnlyList<Digest> All(IReadOnlyList<Digest> diffIds)
    {
        var chain = new List<Digest>(diffIds.Count);
        foreach (var diffId in diffIds)
        {
            chain.Add(Of(chain.Count == 0 ? null : chain[^1], diffId));
        }

        return chain;
    }
}
