using Coxswain.Api.Scalars;
using Coxswain.Linux.Mounts;
using Coxswain.Node.Files;
using Coxswain.Node.Objects;

namespace Coxswain.Node.Volumes;

/// <summary>The volumes of the node's pods.</summary>
/// <param name="hostAddress">The node's.</param>
/// <param name="allocatable">Of the node, for the downward API.</param>
internal sealed class NodeVolumes(
    NodePaths paths, IPodObjects objects, IPodTokens tokens, IClaimedVolumes claims, IImageVolumes images, string hostAddress,
    IReadOnlyDictionary<string, Quantity> allocatable, IMounts mounts, TimeProvider time)
{
    public PodVolumes Of(string podUid) => new(
        podUid, paths, new VolumeContent(objects, new PodTokenCache(tokens, time), hostAddress, allocatable), claims, images, mounts, time);

    public void TearDown(string podUid) => VolumeTeardown.TearDown(podUid, paths, mounts);
}
