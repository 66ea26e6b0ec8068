using Coxswain.Linux.Files;

namespace Coxswain.Linux.Tests.Files;

public sealed class PinnedPathTests : IDisposable
{
    private readonly ScratchTree _scratch = new();

    public void Dispose() => _scratch.Dispose();

    [Theory]
    [InlineData("../outside")]
    [InlineData("link")]
    [InlineData("link/below")]
    [InlineData("/etc")]
    public void OpenBeneath_PathLeadsOut_IsRefused(string path)
    {
        var root = _scratch.MakeDirectory("root");
        FileNodes.MakeSymbolicLink(_scratch.MakeDirectory("outside"), Path.Combine(root, "link"));
        using var pinned = PinnedPath.Open(root);

        Assert.Contains("leads out of", Assert.Throws<LinuxException>(() => pinned.OpenBeneath(path)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void OpenBeneath_LinkInside_IsFollowed()
    {
        var root = _scratch.MakeDirectory("root");
        FileNodes.MakeSymbolicLink("d", Path.Combine(root, "link"));
        using var pinned = PinnedPath.Open(root);
        pinned.MakeDirectory("d", 0x1ED);
        pinned.MakeDirectory("d", 0x1ED);

        using var found = pinned.OpenBeneath("link");

        Assert.Equal(FileStatus.Read(Path.Combine(root, "d")).Inode, found?.Status.Inode);
        Assert.Null(pinned.OpenBeneath("missing/more"));
    }

    [Fact]
    public void OpenInRoot_AbsoluteLink_StaysInside()
    {
        var root = _scratch.MakeDirectory("root");
        _scratch.MakeDirectory("root/etc");
        _scratch.MakeFile("root/etc/passwd", "inside");
        FileNodes.MakeSymbolicLink("/../../etc/passwd", Path.Combine(root, "link"));
        using var pinned = PinnedPath.Open(root);

        using var found = pinned.OpenInRoot("/link");
        using var reader = new StreamReader(found!.OpenRead());

        Assert.Equal("inside", reader.ReadToEnd());
    }

    [Fact]
    public void OpenRead_Fifo_FailsInsteadOfWaiting()
    {
        var fifo = _scratch.Path("fifo");
        FileNodes.MakeFifo(fifo, 0x180);
        using var pinned = PinnedPath.Open(fifo);

        Assert.Throws<LinuxException>(pinned.OpenRead);
        Assert.Throws<LinuxException>(() => RawFile.OpenRead(fifo));
    }
}
