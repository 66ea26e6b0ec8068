using System.Text.Json;

namespace Coxswain.EndToEnd.Tests.Infrastructure;

/// <summary>
/// One cluster of the tests' own, beside any the machine's user has: other directories, devices, addresses and ports.
/// A cluster that a killed run left behind is removed first.
/// </summary>
public sealed class Cluster : IAsyncLifetime
{
    public const string BusyboxImage = "busybox:test";
    public const string WebImage = "web:v1";

    private const string Root = "/var/tmp/coxswain-e2e";

    public string DataDirectory => Path.Combine(Root, "data");

    public string Kubeconfig => Path.Combine(Root, "kubeconfig");

    public static string Repository { get; } = FindRepository();

    public Kubectl New => new(RequiredTool("COXSWAIN_TEST_KUBECTL_NEW"), Kubeconfig);

    public Kubectl Old => new(RequiredTool("COXSWAIN_TEST_KUBECTL_OLD"), Kubeconfig);

    public Kubectl Kubectl(string version) => version == "old" ? Old : New;

    public async Task InitializeAsync()
    {
        await DeleteAsync();
        Directory.CreateDirectory(Root);
        (await UpAsync()).Succeeded();
        await BuildImagesAsync();
    }

    public async Task DisposeAsync()
    {
        // What the server said is the first thing one wants to read after a failure.
        File.Copy(Path.Combine(DataDirectory, "server.log"), Path.Combine(Repository, "artifacts", "e2e-server.log"), overwrite: true);
        await DeleteAsync();
    }

    /// <summary>Runs <c>./coxswain</c> on this cluster.</summary>
    public Task<CommandResult> CoxswainAsync(params string[] arguments) =>
        Command.RunAsync(Path.Combine(Repository, "coxswain"), arguments, environment: new Dictionary<string, string>
        {
            ["COXSWAIN_DATA_DIR"] = DataDirectory,
            ["KUBECONFIG"] = Kubeconfig,
        });

    public Task<CommandResult> UpAsync() => CoxswainAsync(
        "up", "--name", "coxswain-e2e", "--bridge", "coxe2e", "--api-port", "16443", "--node-name", "e2e-node",
        "--pod-cidr", "10.201.0.0/16", "--service-cidr", "10.202.0.0/16");

    public async Task<JsonElement> StatusAsync()
    {
        using var status = JsonDocument.Parse((await CoxswainAsync("status", "-o", "json")).Succeeded().Output);
        return status.RootElement.Clone();
    }

    /// <summary>A namespace of a test's own; deleted with all in it when the test is over.</summary>
    public async Task<TestNamespace> CreateNamespaceAsync(string prefix)
    {
        var name = $"{prefix}-{Environment.ProcessId % 10000}-{Random.Shared.Next(10000)}";
        (await New.RunAsync("create", "namespace", name)).Succeeded();
        return new TestNamespace(this, name);
    }

    private async Task DeleteAsync()
    {
        if (Directory.Exists(Root))
        {
            (await CoxswainAsync("down", "--delete")).Succeeded();
            Directory.Delete(Root, recursive: true);
        }
    }

    /// <summary>Images small enough for every run: a static busybox, and a web server that says its version.</summary>
    private async Task BuildImagesAsync()
    {
        var context = Path.Combine(Root, "images");
        Directory.CreateDirectory(context);
        File.Copy(new[] { "/bin/busybox", "/usr/bin/busybox" }.First(File.Exists), Path.Combine(context, "busybox"), overwrite: true);
        await File.WriteAllTextAsync(Path.Combine(context, "Dockerfile"), """
            FROM scratch
            COPY busybox /bin/busybox
            RUN ["/bin/busybox", "--install", "-s", "/bin"]
            RUN mkdir -p /tmp /www && chmod 1777 /tmp
            CMD ["sleep", "1000000"]
            """);
        (await CoxswainAsync("image", "build", "-t", BusyboxImage, context)).Succeeded();
        foreach (var version in new[] { "v1", "v2" })
        {
            var web = Path.Combine(context, version);
            Directory.CreateDirectory(web);
            await File.WriteAllTextAsync(Path.Combine(web, "Dockerfile"), $"""
                FROM {BusyboxImage}
                RUN echo "web {version}" > /www/index.html
                EXPOSE 8080
                CMD ["httpd", "-f", "-p", "8080", "-h", "/www"]
                """);
            (await CoxswainAsync("image", "build", "-t", $"web:{version}", web)).Succeeded();
        }
    }

    private static string RequiredTool(string variable) =>
        Environment.GetEnvironmentVariable(variable) is { Length: > 0 } path && File.Exists(path)
            ? path
            : throw new Xunit.Sdk.XunitException($"{variable} does not name a kubectl; run the tests by ./test");

    private static string FindRepository()
    {
        var directory = new DirectoryInfo(AppContext.BaseDirectory);
        while (directory is not null && !File.Exists(Path.Combine(directory.FullName, "Coxswain.slnx")))
        {
            directory = directory.Parent;
        }

        return directory?.FullName ?? throw new DirectoryNotFoundException("the tests do not lie inside the repository");
    }
}
