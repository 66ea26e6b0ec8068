using System.Text;
using Coxswain.Node.Volumes;

namespace Coxswain.Node.Tests.Volumes;

public sealed class AtomicWriterTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("coxswain-volume-").FullName;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public void Write_Changed_SwapsTheLinkAndRemovesWhatWent()
    {
        var now = DateTimeOffset.UnixEpoch;
        Assert.True(AtomicWriter.Write(_directory, Files(("a", "1"), ("sub/b", "2")), now));
        Assert.False(AtomicWriter.Write(_directory, Files(("a", "1"), ("sub/b", "2")), now));
        var before = new FileInfo(Path.Combine(_directory, "..data")).LinkTarget;
        Assert.True(AtomicWriter.Write(_directory, Files(("a", "3")), now));
        Assert.NotEqual(before, new FileInfo(Path.Combine(_directory, "..data")).LinkTarget);
        Assert.Equal("3", File.ReadAllText(Path.Combine(_directory, "a")));
        Assert.False(Path.Exists(Path.Combine(_directory, "sub")));
        Assert.False(Directory.Exists(Path.Combine(_directory, before!)));
    }

    [Fact]
    public void Write_Mode_IsExact()
    {
        AtomicWriter.Write(_directory, new Dictionary<string, VolumeFile> { ["key"] = new(new byte[] { 1 }, 0b100_000_000) }, DateTimeOffset.UnixEpoch);
        Assert.Equal(UnixFileMode.UserRead, File.GetUnixFileMode(Path.Combine(_directory, "..data", "key")));
    }

    [Fact]
    public void Write_KilledAfterTheSwap_LinksTheNamesNextTime()
    {
        var now = DateTimeOffset.UnixEpoch;
        AtomicWriter.Write(_directory, Files(("a", "1")), now);
        File.Delete(Path.Combine(_directory, "a"));
        Directory.CreateDirectory(Path.Combine(_directory, "..2020_01_01_00_00_00.0"));
        Assert.False(AtomicWriter.Write(_directory, Files(("a", "1")), now));
        Assert.Equal("1", File.ReadAllText(Path.Combine(_directory, "a")));
        Assert.Single(new DirectoryInfo(_directory).EnumerateDirectories(), entry => entry.LinkTarget is null);
    }

    private static Dictionary<string, VolumeFile> Files(params (string Name, string Text)[] files) =>
        files.ToDictionary(file => file.Name, file => new VolumeFile(Encoding.UTF8.GetBytes(file.Text), 0b110_100_100));
}
