using Coxswain.Linux.Files;

namespace Coxswain.Linux.Tests.Files;

public sealed class TreeRemoverTests : IDisposable
{
    private readonly ScratchTree _scratch = new();

    public void Dispose() => _scratch.Dispose();

    [Fact]
    public void Remove_NamesThatAreNotUtf8_RemovesAll()
    {
        var tree = _scratch.MakeDirectory("tree");
        _scratch.MakeDirectory($"tree/{ScratchTree.OddName}");
        _scratch.MakeFile($"tree/{ScratchTree.OddName}/{ScratchTree.OddName}");
        _scratch.MakeFile($"tree/{ScratchTree.OddName}file");

        TreeRemover.Remove(tree);

        Assert.Null(FileStatus.TryRead(tree));
    }

    [Fact]
    public void Remove_DeeperThanAPathCanBe_RemovesAll()
    {
        var tree = _scratch.MakeDeep("deep");

        TreeRemover.Remove(tree);

        Assert.Null(FileStatus.TryRead(tree));
    }

    [Fact]
    public void Remove_ManyEntriesAndKinds_RemovesAll()
    {
        var tree = _scratch.MakeDirectory("tree");
        for (var i = 0; i < 3000; i++)
        {
            _ = i % 3 == 0 ? _scratch.MakeDirectory($"tree/directory-with-a-long-name-{i}") : _scratch.MakeFile($"tree/file-{i}");
        }

        FileNodes.MakeFifo(Path.Combine(tree, "fifo"), 0x180);
        FileNodes.MakeDevice(Path.Combine(tree, "null"), block: false, 0, 1, 3);

        TreeRemover.Remove(tree + "/");

        Assert.Null(FileStatus.TryRead(tree));
    }

    [Fact]
    public void Remove_LinkToADirectory_KeepsWhatItLeadsTo()
    {
        var outside = _scratch.MakeDirectory("outside");
        _scratch.MakeFile("outside/kept");
        var tree = _scratch.MakeDirectory("tree");
        FileNodes.MakeSymbolicLink(outside, Path.Combine(tree, "link"));
        FileNodes.MakeSymbolicLink(outside, _scratch.Path("top-link"));

        TreeRemover.Remove(tree);
        TreeRemover.Remove(_scratch.Path("top-link"));

        Assert.Equal(["outside"], FileNodes.Names(_scratch.Root));
        Assert.Equal(["kept"], FileNodes.Names(outside));
    }

    [Fact]
    public void Remove_NothingThere_IsFine()
    {
        TreeRemover.Remove(_scratch.Path("missing"));
        TreeRemover.Remove(_scratch.Path("missing/below/it"));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Remove_MountBelow_IsRefusedAndNotEntered(bool bind)
    {
        var outside = _scratch.MakeDirectory("outside");
        _scratch.MakeDirectory("tree");
        _scratch.MakeDirectory("tree/a");
        _scratch.MakeDirectory("tree/a/mount");
        var mount = bind ? _scratch.MountBind(outside, "tree/a/mount") : _scratch.MountTmpfs("tree/a/mount");
        _scratch.MakeFile("tree/a/mount/kept");

        var exception = Assert.Throws<LinuxException>(() => TreeRemover.Remove(_scratch.Path("tree")));

        Assert.Contains("tree/a/mount: it is a mount point", exception.Message, StringComparison.Ordinal);
        Assert.Equal(["kept"], FileNodes.Names(mount));
    }

    [Fact]
    public void Remove_MountsSkipped_RemovesTheRest()
    {
        var outside = _scratch.MakeDirectory("outside");
        _scratch.MakeFile("outside/kept");
        _scratch.MakeDirectory("tree");
        _scratch.MakeDirectory("tree/a");
        _scratch.MakeDirectory("tree/a/mount");
        _scratch.MakeDirectory("tree/b");
        _scratch.MakeFile("tree/a/file");
        _scratch.MakeFile("tree/mounted-file");
        _scratch.MountBind(outside, "tree/a/mount");
        _scratch.MountBind(Path.Combine(outside, "kept"), "tree/mounted-file");

        TreeRemover.Remove(_scratch.Path("tree"), MountsBelow.Skip);

        Assert.Equal(["a", "mounted-file"], FileNodes.Names(_scratch.Path("tree")));
        Assert.Equal(["mount"], FileNodes.Names(_scratch.Path("tree/a")));
        Assert.Equal(["kept"], FileNodes.Names(outside));
    }

    [Fact]
    public void RemoveContents_MountPoint_IsEmptied()
    {
        _scratch.MakeDirectory("mount");
        var mount = _scratch.MountTmpfs("mount");
        _scratch.MakeDirectory("mount/d");
        _scratch.MakeFile("mount/d/f");

        TreeRemover.RemoveContents(mount);

        Assert.Empty(FileNodes.Names(mount));
    }
}
