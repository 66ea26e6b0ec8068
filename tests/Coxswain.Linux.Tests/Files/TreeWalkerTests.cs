using Coxswain.Linux.Files;

namespace Coxswain.Linux.Tests.Files;

public sealed class TreeWalkerTests : IDisposable
{
    private readonly ScratchTree _scratch = new();

    public void Dispose() => _scratch.Dispose();

    [Fact]
    public void Walk_Tree_ShowsParentsFirstInByteOrder()
    {
        var tree = _scratch.MakeDirectory("tree");
        _scratch.MakeDirectory("tree/b");
        _scratch.MakeFile($"tree/b/{ScratchTree.OddName}");
        _scratch.MakeFile("tree/a");
        FileNodes.MakeSymbolicLink("/etc", Path.Combine(tree, "c"));

        Assert.Equal(["", "a", "b", $"b/{ScratchTree.OddName}", "c"], Paths(tree));
    }

    [Fact]
    public void Walk_ChangesOwnerAndMode_OfLinksThemselves()
    {
        var outside = _scratch.MakeFile("outside");
        var tree = _scratch.MakeDirectory("tree");
        var file = _scratch.MakeFile($"tree/{ScratchTree.OddName}");
        FileNodes.MakeSymbolicLink(outside, Path.Combine(tree, "link"));

        TreeWalker.Walk(tree, entry =>
        {
            entry.File.ChangeOwner(null, 1234);
            entry.File.ChangeMode(entry.Status.Permissions | 0x10);
        });

        Assert.Equal(1234u, FileStatus.Read(file).Gid);
        Assert.Equal(0x1B4u, FileStatus.Read(file).Permissions);
        Assert.Equal(1234u, FileStatus.Read(Path.Combine(tree, "link")).Gid);
        Assert.Equal((0u, 0x1A4u), (FileStatus.Read(outside).Gid, FileStatus.Read(outside).Permissions));
    }

    [Fact]
    public void Walk_DeeperThanAPathCanBe_ReachesTheEnd()
    {
        var tree = _scratch.MakeDeep("deep");

        var last = Paths(tree)[^1];

        Assert.EndsWith(ScratchTree.OddName, last, StringComparison.Ordinal);
        Assert.True(last.Length > 4096);
    }

    [Fact]
    public void Walk_MountBelow_IsRefusedOrPassedOver()
    {
        var tree = _scratch.MakeDirectory("tree");
        _scratch.MakeDirectory("tree/mount");
        _scratch.MakeDirectory("tree/z");
        _scratch.MountTmpfs("tree/mount");

        Assert.Throws<LinuxException>(() => Paths(tree));
        Assert.Equal(["", "z"], Paths(tree, MountsBelow.Skip));
        Assert.Equal([""], Paths(Path.Combine(tree, "mount")));
    }

    private static List<string> Paths(string root, MountsBelow mounts = MountsBelow.Refuse)
    {
        var paths = new List<string>();
        TreeWalker.Walk(root, entry => paths.Add(entry.RelativePath), mounts);
        return paths;
    }
}
