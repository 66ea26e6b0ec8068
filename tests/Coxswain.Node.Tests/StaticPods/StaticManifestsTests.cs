using Coxswain.Node.StaticPods;
using Coxswain.Testing.Time;
using Microsoft.Extensions.Logging.Abstractions;

namespace Coxswain.Node.Tests.StaticPods;

public sealed class StaticManifestsTests : IDisposable
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("coxswain-manifests-");
    private readonly VirtualTime _time = new();
    private readonly StaticManifests _manifests;

    public StaticManifestsTests() => _manifests = new StaticManifests(_directory.FullName, "node-1", _time, NullLogger.Instance);

    public void Dispose() => _directory.Delete(recursive: true);

    [Fact]
    public void Read_AManifest_IsAPodOfTheNode()
    {
        Write("web.yaml", Manifest("web"));
        var pod = Assert.Single(_manifests.Read());
        Assert.Equal(("web-node-1", "default", "node-1", "Always"), (pod.Metadata.Name, pod.Metadata.Namespace, pod.Spec.NodeName, pod.Spec.RestartPolicy));
        Assert.Equal("file", pod.Metadata.Annotations["kubernetes.io/config.source"]);
        Assert.Equal(pod.Metadata.Uid, pod.Metadata.Annotations["kubernetes.io/config.hash"]);
        Assert.True(_manifests.Contains(pod.Metadata.Uid));

        _time.Advance(TimeSpan.FromHours(1));
        Assert.Equal(pod, Assert.Single(_manifests.Read()));

        Write("web.yaml", Manifest("web").Replace("image: a", "image: b", StringComparison.Ordinal));
        Assert.NotEqual(pod.Metadata.Uid, Assert.Single(_manifests.Read()).Metadata.Uid);
        Assert.False(_manifests.Contains(pod.Metadata.Uid));
    }

    [Theory]
    [InlineData("{")]
    [InlineData("")]
    [InlineData("apiVersion: v1\nkind: Service\nmetadata: {name: a}\n")]
    [InlineData("apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec: {containers: []}\n")]
    [InlineData("apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec: {container: [{name: a, image: a}]}\n")]
    [InlineData("apiVersion: v1\nkind: Pod\nmetadata: {name: a, namespace: ../x}\nspec: {containers: [{name: a, image: a}]}\n")]
    public void Read_AFileThatMakesNoPod_KeepsNoOther(string text)
    {
        Write("bad.yaml", text);
        Write("web.yaml", Manifest("web"));
        Assert.Equal("web-node-1", Assert.Single(_manifests.Read()).Metadata.Name);
    }

    [Fact]
    public void Read_HiddenLargeOrSecondOfAName_IsPassedOver()
    {
        Write(".web.yaml.swp", Manifest("hidden"));
        Write("a.yaml", Manifest("web"));
        Write("b.yaml", Manifest("web"));
        Write("large.yaml", Manifest("large") + new string('#', StaticManifests.MostBytes));
        Assert.Equal("web-node-1", Assert.Single(_manifests.Read()).Metadata.Name);
    }

    [Fact]
    public void Read_MoreFilesThanThereMayBe_TakesTheFirst()
    {
        for (var i = 0; i <= StaticManifests.MostFiles; i++)
        {
            Write($"{i:D4}.yaml", Manifest($"web{i}"));
        }

        var names = _manifests.Read().Select(pod => pod.Metadata.Name).ToHashSet();
        Assert.Equal(StaticManifests.MostFiles, names.Count);
        Assert.DoesNotContain($"web{StaticManifests.MostFiles}-node-1", names);
    }

    private static string Manifest(string name) =>
        $"apiVersion: v1\nkind: Pod\nmetadata: {{name: {name}}}\nspec:\n  containers:\n  - name: main\n    image: a\n";

    private void Write(string file, string text) => File.WriteAllText(Path.Combine(_directory.FullName, file), text);
}
