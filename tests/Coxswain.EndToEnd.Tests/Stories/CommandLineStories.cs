using System.Diagnostics;
using Coxswain.EndToEnd.Tests.Infrastructure;

namespace Coxswain.EndToEnd.Tests.Stories;

/// <summary>What a user meets who mistypes, interrupts, or looks where nothing is.</summary>
[Collection(ClusterCollection.Name)]
public class CommandLineStories(Cluster cluster)
{
    [Theory]
    [InlineData("--api-port", "70000")]
    [InlineData("--api-port", "abc")]
    [InlineData("--pod-cidr", "10.1.2.3")]
    [InlineData("--service-cidr", "services")]
    [InlineData("--bridge", "elevenchars")]
    [InlineData("--node-name", "my_host")]
    public async Task Up_WrongValue_IsRefusedAndNothingIsKept(string option, string value)
    {
        await using var second = await SecondCluster.CreateAsync();

        var refused = await SecondCluster.UpAsync((option, value));

        Assert.Equal(2, refused.ExitCode);
        Assert.Contains($"coxswain: {option} {value}: ", refused.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", refused.Error, StringComparison.Ordinal);
        Assert.False(Directory.Exists(SecondCluster.DataDirectory));
    }

    [Theory]
    [InlineData("status")]
    [InlineData("ip")]
    [InlineData("image ls")]
    public async Task AnyVerb_WhereNoClusterIs_SaysSoAndMakesNothing(string arguments)
    {
        await using var second = await SecondCluster.CreateAsync();

        var result = await SecondCluster.CoxswainAsync(arguments.Split(' '));

        Assert.Equal(1, result.ExitCode);
        Assert.Contains($"there is no cluster in {SecondCluster.DataDirectory}", result.Error, StringComparison.Ordinal);
        Assert.False(Directory.Exists(SecondCluster.DataDirectory));
    }

    [Fact]
    public async Task DownDelete_WhereNoClusterIs_TouchesNoOther()
    {
        await using var second = await SecondCluster.CreateAsync();

        var result = (await SecondCluster.CoxswainAsync("down", "--delete")).Succeeded();

        Assert.Contains("There is no cluster", result.Output, StringComparison.Ordinal);
        Assert.Equal("Running", (await cluster.StatusAsync()).GetProperty("state").GetString());
    }

    [Fact]
    public async Task Up_OtherOptionsForARunningCluster_AreNotIgnored()
    {
        var result = await cluster.CoxswainAsync("up", "--api-port", "17000");

        Assert.Equal(1, result.ExitCode);
        Assert.Contains("coxswain down", result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Up_Interrupted_StopsTheServerAgainAndLeavesNothing()
    {
        await using var second = await SecondCluster.CreateAsync();
        var up = SecondCluster.UpAsync();
        var server = await Eventually.BecomesAsync(FindServerAsync, pid => pid != 0, "the server's start");

        // Held, so that it is not ready before the interruption has come.
        await SignalAsync("-STOP", server);
        await SignalAsync("-INT", ParentOf(server));
        await Eventually.BecomesAsync(() => Task.FromResult(IsToldToEnd(server)), told => told, "the server's being told to end");
        await SignalAsync("-CONT", server);

        var result = await up;

        Assert.Equal(130, result.ExitCode);
        Assert.Equal(0, await FindServerAsync());
        var left = (await SecondCluster.LeftoversAsync()).Output;
        Assert.All(left.Split('\n').Where(line => line.Length > 0 && !line.StartsWith("directory", StringComparison.Ordinal)), line => Assert.EndsWith(" 0", line, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Image_SaveOfWhatIsNotThere_LeavesTheFileAlone()
    {
        var file = Path.Combine(cluster.DataDirectory, "..", "precious.tar");
        await File.WriteAllTextAsync(file, "precious");

        var result = await cluster.CoxswainAsync("image", "save", "nosuch", "-o", file);

        Assert.Equal(1, result.ExitCode);
        Assert.Equal("precious", await File.ReadAllTextAsync(file));
    }

    [Fact]
    public async Task Image_BuiltWhileTheServerRuns_IsUsableAtOnceAndItsStepsReachNoHostNetwork()
    {
        await using var space = await cluster.CreateNamespaceAsync("built");
        var context = Directory.CreateDirectory(Path.Combine(cluster.DataDirectory, "..", "own")).FullName;
        await File.WriteAllTextAsync(Path.Combine(context, "Dockerfile"), $"""
            FROM {Cluster.BusyboxImage}
            RUN ip -o link > /links
            CMD ["sleep", "1000000"]
            """);
        (await cluster.CoxswainAsync("image", "build", "-t", "own:v1", context)).Succeeded();

        (await space.New.RunAsync("run", "own", "--image=own:v1", "--image-pull-policy=Never", "--command", "--", "sh", "-c", "cat /links; sleep 1000")).Succeeded();
        (await space.New.RunAsync("wait", "pod/own", "--for=condition=Ready", "--timeout=60s")).Succeeded();

        var links = await space.New.ReadAsync("logs", "own");
        Assert.Contains("lo:", links, StringComparison.Ordinal);
        Assert.DoesNotContain("coxe2e", links, StringComparison.Ordinal);
    }

    private static Task<int> FindServerAsync() => Task.FromResult(
        Process.GetProcesses().FirstOrDefault(process => CommandLineOf(process.Id).Contains($"server --notify --log-file {SecondCluster.DataDirectory}", StringComparison.Ordinal))?.Id ?? 0);

    private static string CommandLineOf(int pid)
    {
        try
        {
            return File.ReadAllText($"/proc/{pid}/cmdline").Replace('\0', ' ');
        }
        catch (IOException)
        {
            return "";
        }
    }

    private static async Task SignalAsync(string signal, int pid) =>
        (await Command.RunAsync("kill", [signal, pid.ToString(System.Globalization.CultureInfo.InvariantCulture)])).Succeeded();

    /// <summary>Whether SIGTERM waits to be taken.</summary>
    private static bool IsToldToEnd(int pid)
    {
        const ulong Terminate = 1 << 14;
        var pending = File.ReadLines($"/proc/{pid}/status").First(line => line.StartsWith("ShdPnd:", StringComparison.Ordinal))[7..].Trim();
        return (ulong.Parse(pending, System.Globalization.NumberStyles.HexNumber, System.Globalization.CultureInfo.InvariantCulture) & Terminate) != 0;
    }

    private static int ParentOf(int pid) => int.Parse(
        File.ReadLines($"/proc/{pid}/status").First(line => line.StartsWith("PPid:", StringComparison.Ordinal))[5..].Trim(),
        System.Globalization.CultureInfo.InvariantCulture);
}
