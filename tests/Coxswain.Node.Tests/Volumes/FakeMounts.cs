using Coxswain.Linux.Mounts;

namespace Coxswain.Node.Tests.Volumes;

/// <summary>A mount table that nothing is behind.</summary>
internal sealed class FakeMounts : IMounts
{
    private readonly List<MountRequest> _mounted = [];

    public IReadOnlyList<MountRequest> Mounted => _mounted;

    public void Mount(MountRequest request) => _mounted.Add(request);

    public void MountFrom(string directory, MountRequest request) => Mount(request);

    public void Unmount(string target) => _mounted.RemoveAll(mount => mount.Target == target);

    public IReadOnlyList<MountInfo> List() =>
        [.. _mounted.Select((mount, i) => new MountInfo(i, 0, "/", mount.Target, "rw", mount.Type, mount.Source, ""))];
}
