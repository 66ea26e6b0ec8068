using Coxswain.Node.Runtime;

namespace Coxswain.Node.Tests.Runtime;

public sealed class SandboxFilesTests : IDisposable
{
    private static readonly SandboxConfig Config = new("uid", "default", "web", "web", SandboxConfig.CgroupOf("uid"))
    {
        Sysctls = new Dictionary<string, string> { ["net.ipv4.ip_unprivileged_port_start"] = "0" },
    };

    private readonly string _directory = Directory.CreateTempSubdirectory("coxswain-sandboxes-").FullName;

    private string FilePath => Path.Combine(_directory, "uid.json");

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public void Write_SandboxInUse_LeavesTheOldFileWholeUntilTheNewOneIs()
    {
        var files = new SandboxFiles(_directory);
        files.Write(Config);
        var before = File.ReadAllText(FilePath);
        using var old = new StreamReader(new FileStream(FilePath, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete));

        files.Write(Config with { Resources = new ContainerResources { CpuShares = 7 } });

        Assert.Equal(before, old.ReadToEnd());
        Assert.NotEqual(before, File.ReadAllText(FilePath));
    }

    [Fact]
    public void Open_AfterWrites_HasWhatWasWrittenLast()
    {
        var files = new SandboxFiles(_directory);
        files.Write(Config);
        files.Write(Config with { Resources = new ContainerResources { CpuShares = 7 } });

        var again = new SandboxFiles(_directory);

        Assert.Equal(7, again.Find("uid")?.Resources.CpuShares);
        Assert.Equal("0", again.Find("uid")?.Sysctls["net.ipv4.ip_unprivileged_port_start"]);
        Assert.True(again.IsOfThisBoot("uid"));
    }

    [Theory]
    [InlineData("")]
    [InlineData("{\"Config\":{\"Id\":\"torn")]
    [InlineData("\0\0\0\0")]
    [InlineData("{}")]
    public void Open_TornFiles_AreForgottenAndGo(string torn)
    {
        new SandboxFiles(_directory).Write(Config);
        File.WriteAllText(Path.Combine(_directory, "torn.json"), torn);
        File.WriteAllText(FilePath + ".new", torn);

        var files = new SandboxFiles(_directory);

        Assert.Equal(["uid"], files.List().Select(config => config.Id));
        Assert.Equal([FilePath], Directory.GetFiles(_directory));
    }
}
