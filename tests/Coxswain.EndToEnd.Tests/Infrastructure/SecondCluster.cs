namespace Coxswain.EndToEnd.Tests.Infrastructure;

/// <summary>Another cluster beside <see cref="Cluster"/>, made and removed by one story.</summary>
public sealed class SecondCluster : IAsyncDisposable
{
    private const string Root = "/var/tmp/coxswain-e2e-second";

    public static string DataDirectory => Path.Combine(Root, "data");

    public static string Kubeconfig => Path.Combine(Root, "kubeconfig");

    public Kubectl Kubectl { get; } = new(
        Environment.GetEnvironmentVariable("COXSWAIN_TEST_KUBECTL_NEW") ?? "kubectl", Kubeconfig);

    /// <summary>Nothing runs yet; what a killed run left behind is removed.</summary>
    public static async Task<SecondCluster> CreateAsync()
    {
        var second = new SecondCluster();
        await second.DisposeAsync();
        Directory.CreateDirectory(Root);
        return second;
    }

    public static Task<CommandResult> CoxswainAsync(params string[] arguments) =>
        Command.RunAsync(Path.Combine(Cluster.Repository, "coxswain"), arguments, environment: new Dictionary<string, string>
        {
            ["COXSWAIN_DATA_DIR"] = DataDirectory,
            ["KUBECONFIG"] = Kubeconfig,
        });

    /// <summary>Options that clash with no other cluster; those given stand in their place.</summary>
    public static Task<CommandResult> UpAsync(params (string Option, string Value)[] others)
    {
        var options = new Dictionary<string, string>
        {
            ["--name"] = "coxswain-e2e-second",
            ["--bridge"] = "coxe2e-b",
            ["--api-port"] = "16543",
            ["--node-name"] = "second-node",
            ["--pod-cidr"] = "10.205.0.0/16",
            ["--service-cidr"] = "10.206.0.0/16",
        };
        foreach (var (option, value) in others)
        {
            options[option] = value;
        }

        return CoxswainAsync(["up", .. options.SelectMany(option => new[] { option.Key, option.Value })]);
    }

    /// <summary>What of this cluster is on the machine; see tests/stress/leftovers.</summary>
    public static Task<CommandResult> LeftoversAsync(string bridge = "coxe2e-b") => Command.RunAsync(
        Path.Combine(Cluster.Repository, "tests", "stress", "leftovers"), [DataDirectory, bridge, "--none"]);

    public async ValueTask DisposeAsync()
    {
        if (Directory.Exists(Root))
        {
            (await CoxswainAsync("down", "--delete")).Succeeded();
            Directory.Delete(Root, recursive: true);
        }
    }
}
