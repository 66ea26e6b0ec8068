using Coxswain.Hosting;

namespace Coxswain.Tests.Hosting;

public sealed class KubeconfigFileTests : IDisposable
{
    private static readonly KubeconfigAccess Access = new("https://127.0.0.1:6443", "ca", "certificate", "key");

    private readonly string _path = Path.Combine(Path.GetTempPath(), $"kubeconfig-{Path.GetRandomFileName()}");

    public void Dispose() => File.Delete(_path);

    [Fact]
    public void SetContext_NoFile_WritesOneThatOnlyItsOwnerReads()
    {
        Set("coxswain");

        var text = File.ReadAllText(_path);
        Assert.Contains("server: https://127.0.0.1:6443", text, StringComparison.Ordinal);
        Assert.Contains("current-context: coxswain", text, StringComparison.Ordinal);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(_path));
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
        File.WriteAllText(_path, others);

        Set("coxswain");
        Set("coxswain");
        Assert.Equal(2, File.ReadAllText(_path).Split("server: ").Length - 1);
        var file = KubeconfigFile.Open(_path);
        file.RemoveContext("coxswain");
        file.Save();

        var text = File.ReadAllText(_path);
        Assert.DoesNotContain("coxswain", text, StringComparison.Ordinal);
        Assert.Contains("server: https://work.example.org", text, StringComparison.Ordinal);
        Assert.Contains("insecure-skip-tls-verify: true", text, StringComparison.Ordinal);
        Assert.Contains("token: abc", text, StringComparison.Ordinal);
    }

    [Fact]
    public void Open_NotYaml_SaysWhichFile()
    {
        File.WriteAllText(_path, "a: [b");

        var failure = Assert.Throws<CommandFailure>(() => KubeconfigFile.Open(_path));
        Assert.Contains(_path, failure.Message, StringComparison.Ordinal);
    }

    private void Set(string name)
    {
        var file = KubeconfigFile.Open(_path);
        file.SetContext(name, Access);
        file.Save();
    }
}
