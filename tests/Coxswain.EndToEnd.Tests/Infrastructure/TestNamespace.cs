namespace Coxswain.EndToEnd.Tests.Infrastructure;

/// <summary>A namespace that one test fills; deleting it removes everything the test made.</summary>
public sealed class TestNamespace(Cluster cluster, string name) : IAsyncDisposable
{
    public string Name => name;

    public Kubectl New { get; } = cluster.New.In(name);

    public Kubectl Old { get; } = cluster.Old.In(name);

    public Kubectl Kubectl(string version) => version == "old" ? Old : New;

    public async ValueTask DisposeAsync() => await cluster.New.RunAsync("delete", "namespace", name, "--wait=false");
}
