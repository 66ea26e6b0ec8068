using Coxswain.Hosting;

namespace Coxswain.Tests.Hosting;

public sealed class KubeconfigFileTests : IDisposable
{
    private static readonly KubeconfigAccess Access = new("https://127.0.0.1:6443", "ca", "certificate", "key");

    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("coxswain-kubeconfig-");

    private string FilePath => Path.Combine(_directory.FullName, "config");

    public void Dispose() => _directory.Delete(recursive: true);

    [Fact]
    public void SetContext_NoFile_WritesOneThatOnlyItsOwnerReads()
    {
        Set("coxswain");

        var text = File.ReadAllText(FilePath);
        Assert.Contains("server: https://127.0.0.1:6443", text, StringComparison.Ordinal);
        Assert.Contains("current-context: coxswain", text, StringComparison.Ordinal);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(FilePath));
    }

    [Fact]
    public void SetAndRemoveContext_AmongOthers_LeavesThemAsTheyWere()
    {
        const string others = """
            apiVersion: v1
            kind: Config
            clusters:
            - name: work
              cluster:
                server: https://work.example.org
                insecure-skip-tls-verify: true
            contexts:
            - name: work
              context: {cluster: work, user: me}
            users:
            - name: me
              user: {token: abc}
            current-context: work
            """;
        File.WriteAllText(FilePath, others);

        Set("coxswain");
        Set("coxswain");
        Assert.Equal(2, File.ReadAllText(FilePath).Split("server: ").Length - 1);
        var file = KubeconfigFile.Open(FilePath);
        Assert.True(file.RemoveContext("coxswain", "/data"));
        file.Save(CallingUser.Root);

        var text = File.ReadAllText(FilePath);
        Assert.DoesNotContain("coxswain", text, StringComparison.Ordinal);
        Assert.Contains("server: https://work.example.org", text, StringComparison.Ordinal);
        Assert.Contains("insecure-skip-tls-verify: true", text, StringComparison.Ordinal);
        Assert.Contains("token: abc", text, StringComparison.Ordinal);
    }

    [Fact]
    public void Open_NotYaml_SaysWhichFile()
    {
        File.WriteAllText(FilePath, "a: [b");

        var failure = Assert.Throws<CommandFailure>(() => KubeconfigFile.Open(FilePath));
        Assert.Contains(FilePath, failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Save_AnyFile_IsInBlockStyleWithoutADocumentEnd()
    {
        File.WriteAllText(FilePath, "{apiVersion: v1, clusters: [], contexts: [], users: [], kind: Config}");

        Set("coxswain");

        var text = File.ReadAllText(FilePath);
        Assert.Contains("\n- cluster:\n    certificate-authority-data: ", text, StringComparison.Ordinal);
        Assert.DoesNotContain("...", text, StringComparison.Ordinal);
        Assert.DoesNotContain("---", text, StringComparison.Ordinal);
        Assert.DoesNotContain("{cluster", text, StringComparison.Ordinal);
    }

    [Fact]
    public void Save_ThroughALinkOfAnotherOwner_KeepsLinkOwnerAndMode()
    {
        var target = Path.Combine(_directory.FullName, "elsewhere");
        File.WriteAllText(target, "");
        File.SetUnixFileMode(target, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead);
        new CallingUser(12345, 23456, "").Own(target);
        File.CreateSymbolicLink(FilePath, target);

        Set("coxswain");

        Assert.Equal(target, File.ResolveLinkTarget(FilePath, returnFinalTarget: true)?.FullName);
        Assert.Equal(new CallingUser(12345, 23456, ""), CallingUser.OwnerOf(target));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead, File.GetUnixFileMode(target));
        Assert.Contains("server: https://127.0.0.1:6443", File.ReadAllText(target), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("clusters: [{name: work, cluster: {server: https://work.example.org}}]")]
    [InlineData("users: [{name: work, user: {token: abc}}]")]
    [InlineData("contexts: [{name: work, context: {cluster: a, user: b}}]")]
    public void RequireOurs_EntryOfAnotherCluster_IsRefusedAndNotRemoved(string content)
    {
        File.WriteAllText(FilePath, content);
        var file = KubeconfigFile.Open(FilePath);

        var failure = Assert.Throws<CommandFailure>(() => file.RequireOurs("work", "/data"));

        Assert.Contains("--name", failure.Message, StringComparison.Ordinal);
        Assert.False(file.RemoveContext("work", "/data"));
    }

    [Fact]
    public void RequireOurs_OurOwnOrThatOfAClusterThatIsGone_Passes()
    {
        Set("coxswain");
        var file = KubeconfigFile.Open(FilePath);

        file.RequireOurs("coxswain", "/data");
        file.RequireOurs("coxswain", "/other"); // "/data" does not exist
        file.RequireOurs("new", "/data");
    }

    private void Set(string name)
    {
        var file = KubeconfigFile.Open(FilePath);
        file.SetContext(name, "/data", Access);
        file.Save(CallingUser.Root);
    }
}
