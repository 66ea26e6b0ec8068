using System.Text;
using Coxswain.Verbs.Images;

namespace Coxswain.Tests.Verbs.Images;

public sealed class OutputFileTests : IDisposable
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("coxswain-output-");

    public void Dispose() => _directory.Delete(recursive: true);

    [Fact]
    public async Task Write_Link_ReplacesWhatItLeadsToAndStays()
    {
        var (link, target) = (At("link"), At("target"));
        File.WriteAllText(target, "old");
        File.CreateSymbolicLink(link, target);
        await WriteAsync(link, "new");
        Assert.Equal(target, File.ResolveLinkTarget(link, returnFinalTarget: false)?.FullName);
        Assert.Equal("new", File.ReadAllText(target));
    }

    [Fact]
    public async Task Write_NothingThere_MakesIt()
    {
        await WriteAsync(At("file"), "new");
        Assert.Equal("new", File.ReadAllText(At("file")));
        Assert.Single(_directory.EnumerateFileSystemInfos());
    }

    [Fact]
    public async Task Write_LinkToADevice_WritesToItAndLeavesBoth()
    {
        var link = At("link");
        File.CreateSymbolicLink(link, "/dev/null");
        await WriteAsync(link, "gone");
        Assert.Equal("/dev/null", File.ResolveLinkTarget(link, returnFinalTarget: false)?.FullName);
        Assert.Equal(["link"], _directory.EnumerateFileSystemInfos().Select(file => file.Name));
    }

    [Fact]
    public async Task Write_Fails_LeavesTheOldFile()
    {
        File.WriteAllText(At("file"), "old");
        await Assert.ThrowsAsync<IOException>(() => OutputFile.WriteAsync(At("file"), _ => throw new IOException("no more")));
        Assert.Equal("old", File.ReadAllText(At("file")));
        Assert.Single(_directory.EnumerateFileSystemInfos());
    }

    private string At(string name) => Path.Combine(_directory.FullName, name);

    private static Task WriteAsync(string path, string text) =>
        OutputFile.WriteAsync(path, stream => stream.WriteAsync(Encoding.UTF8.GetBytes(text)).AsTask());
}
