using System.Globalization;
using System.Security.Cryptography;
using System.Text.RegularExpressions;
using Coxswain.EndToEnd.Tests.Infrastructure;

namespace Coxswain.EndToEnd.Tests.Stories;

/// <summary>One steps inside a Pod: exec, attach, cp, port-forward, proxy, and follows what it says.</summary>
[Collection(ClusterCollection.Name)]
public partial class StreamStories(Cluster cluster)
{
    [Theory]
    [InlineData("new")]
    [InlineData("old")]
    public async Task Exec_KeepsStreamsApartAndPassesTheExitCodeOn(string version)
    {
        await using var space = await BoxAsync();
        var result = await space.Kubectl(version).RunAsync("exec", "box", "--", "sh", "-c", "echo out; echo wrong >&2; exit 7");
        Assert.Equal(7, result.ExitCode);
        Assert.Equal("out\n", result.Output);
        Assert.StartsWith("wrong\n", result.Error, StringComparison.Ordinal);
        Assert.Contains("command terminated with exit code 7", result.Error, StringComparison.Ordinal);
        var missing = await space.Kubectl(version).RunAsync("exec", "box", "-c", "other", "--", "true");
        Assert.Contains("container other is not valid for pod box", missing.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("new")]
    [InlineData("old")]
    public async Task Exec_PipedInput_ArrivesWhole(string version)
    {
        await using var space = await BoxAsync();
        var file = Path.GetTempFileName();
        try
        {
            var content = RandomNumberGenerator.GetBytes(5_000_000);
            await File.WriteAllBytesAsync(file, content);
            var result = (await ShellAsync(space, version, $"$KUBECTL exec -i box -- md5sum < {file}")).Succeeded();
#pragma warning disable CA5351 // Only to compare with what md5sum says.
            Assert.StartsWith(Convert.ToHexStringLower(MD5.HashData(content)), result.Output, StringComparison.Ordinal);
#pragma warning restore CA5351
        }
        finally
        {
            File.Delete(file);
        }
    }

    [Theory]
    [InlineData("new")]
    [InlineData("old")]
    public async Task Exec_Terminal_HasTheSizeOfOnesOwn(string version)
    {
        await using var space = await BoxAsync();
        var result = await ShellAsync(space, version, "script -qec \"stty cols 97 rows 31; $KUBECTL exec -it box -- sh -c 'sleep 1; tty; stty size'\" /dev/null");
        Assert.Contains("/dev/pts/0", result.Output, StringComparison.Ordinal);
        Assert.Contains("31 97", result.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("new")]
    [InlineData("old")]
    public async Task Run_WithPipedInput_AttachesAndEndsWithIt(string version)
    {
        await using var space = await cluster.CreateNamespaceAsync("attach");
        var result = (await ShellAsync(
            space, version, $"echo hello | $KUBECTL run once -i --rm --restart=Never --image={Cluster.BusyboxImage} -- sh -c 'cat; sleep 1; echo end'")).Succeeded();
        Assert.Contains("end", result.Output, StringComparison.Ordinal);
        Assert.Contains("hello", result.Output, StringComparison.Ordinal);
        Assert.Contains("pod \"once\" deleted", result.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("new")]
    [InlineData("old")]
    public async Task Copy_ThereAndBack_IsTheSame(string version)
    {
        await using var space = await BoxAsync();
        var folder = Directory.CreateTempSubdirectory("coxswain-cp-");
        try
        {
            var content = RandomNumberGenerator.GetBytes(3_000_000);
            await File.WriteAllBytesAsync(Path.Combine(folder.FullName, "there"), content);
            (await space.Kubectl(version).RunAsync("cp", Path.Combine(folder.FullName, "there"), "box:/tmp/kept")).Succeeded();
            (await space.Kubectl(version).RunAsync("cp", "box:/tmp/kept", Path.Combine(folder.FullName, "back"))).Succeeded();
            Assert.Equal(content, await File.ReadAllBytesAsync(Path.Combine(folder.FullName, "back")));
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [Theory]
    [InlineData("new")]
    [InlineData("old")]
    public async Task PortForward_ReachesThePod(string version)
    {
        await using var space = await WebAsync();
        await using var forward = space.Kubectl(version).Start("port-forward", "deployment/web", ":8080");
        var line = await forward.WaitForLineAsync(line => line.Contains("Forwarding from 127.0.0.1", StringComparison.Ordinal));
        var port = int.Parse(LocalPort().Match(line).Groups[1].Value, CultureInfo.InvariantCulture);
        using var http = new HttpClient();
        for (var i = 0; i < 5; i++)
        {
            Assert.Equal("web v1\n", await http.GetStringAsync($"http://127.0.0.1:{port}/"));
        }
    }

    [Fact]
    public async Task Proxy_OfPodsServicesAndNodes_PassesOn()
    {
        await using var space = await WebAsync();
        var pod = await space.New.FieldAsync("pods", "{.items[0].metadata.name}");
        var prefix = $"/api/v1/namespaces/{space.Name}";
        Assert.Equal("web v1", await space.New.ReadAsync("get", "--raw", $"{prefix}/pods/{pod}/proxy/"));
        Assert.Equal("web v1", await space.New.ReadAsync("get", "--raw", $"{prefix}/pods/http:{pod}:8080/proxy/index.html"));
        Assert.Equal("web v1", await space.New.ReadAsync("get", "--raw", $"{prefix}/services/web:80/proxy/"));
        Assert.Contains("503", (await space.New.RunAsync("get", "--raw", $"{prefix}/services/web:81/proxy/", "-v", "8")).Error, StringComparison.Ordinal);
        Assert.Equal("ok", await space.New.ReadAsync("get", "--raw", "/api/v1/nodes/e2e-node/proxy/healthz"));
    }

    [Fact]
    public async Task Logs_Followed_EndWithTheAttemptAndPreviousIsKept()
    {
        await using var space = await cluster.CreateNamespaceAsync("follow");
        (await space.New.ApplyAsync(Manifests.ShellPod("again", "echo one; sleep 3; echo two; exit 1"))).Succeeded();
        (await space.New.RunAsync("wait", "pod/again", "--for=condition=Ready", "--timeout=60s")).Succeeded();
        var followed = (await space.New.RunAsync("logs", "-f", "again")).Succeeded();
        Assert.Equal("one\ntwo\n", followed.Output);
        await Eventually.BecomesAsync(
            () => space.New.FieldAsync("pod again", "{.status.containerStatuses[0].restartCount}"), count => count != "0", "a restart");
        var previous = (await space.New.RunAsync("logs", "--previous", "--timestamps", "--tail=1", "again")).Succeeded();
        Assert.Matches("^[0-9-]+T[0-9:.]+Z two\n$", previous.Output);
        Assert.Equal("on", (await space.New.RunAsync("logs", "--previous", "--limit-bytes=2", "again")).Succeeded().Output.Trim());
    }

    private static Task<CommandResult> ShellAsync(TestNamespace space, string version, string script) => Command.RunAsync(
        "bash", ["-c", script],
        environment: new Dictionary<string, string> { ["KUBECTL"] = space.Kubectl(version).CommandLine });

    private async Task<TestNamespace> BoxAsync()
    {
        var space = await cluster.CreateNamespaceAsync("box");
        (await space.New.ApplyAsync(Manifests.ShellPod("box", "while true; do sleep 1; done"))).Succeeded();
        (await space.New.RunAsync("wait", "pod/box", "--for=condition=Ready", "--timeout=60s")).Succeeded();
        return space;
    }

    private async Task<TestNamespace> WebAsync()
    {
        var space = await cluster.CreateNamespaceAsync("web");
        (await space.New.ApplyAsync(Manifests.WebDeployment(replicas: 1))).Succeeded();
        (await space.New.RunAsync("expose", "deployment", "web", "--port=80", "--target-port=8080")).Succeeded();
        (await space.New.RunAsync("rollout", "status", "deployment/web", "--timeout=60s")).Succeeded();
        return space;
    }

    [GeneratedRegex(@"127\.0\.0\.1:(\d+)")]
    private static partial Regex LocalPort();
}
