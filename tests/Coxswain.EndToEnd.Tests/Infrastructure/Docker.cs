using System.Globalization;

namespace Coxswain.EndToEnd.Tests.Infrastructure;

/// <summary>Docker's own client, and docker-compose, on the tests' cluster: as <c>eval $(coxswain docker-env)</c> sets them up.</summary>
public sealed class Docker(Cluster cluster)
{
    private Dictionary<string, string>? _environment;

    /// <summary>A word that no other test has, for names.</summary>
    public static string Unique(string prefix) =>
        string.Create(CultureInfo.InvariantCulture, $"{prefix}-{Environment.ProcessId % 10000}-{Random.Shared.Next(10000)}");

    public async Task<CommandResult> RunAsync(params string[] arguments) =>
        await Command.RunAsync("docker", arguments, environment: await EnvironmentAsync());

    public async Task<CommandResult> RunWithInputAsync(string input, params string[] arguments) =>
        await Command.RunAsync("docker", arguments, input, await EnvironmentAsync());

    public async Task<CommandResult> ComposeAsync(string directory, params string[] arguments) =>
        await Command.RunAsync(
            "docker-compose", ["-f", Path.Combine(directory, "docker-compose.yml"), .. arguments], environment: await EnvironmentAsync());

    /// <summary>What a command that must succeed prints, without the line's end.</summary>
    public async Task<string> OutputAsync(params string[] arguments) =>
        (await RunAsync(arguments)).Succeeded().Output.TrimEnd();

    private async Task<Dictionary<string, string>> EnvironmentAsync()
    {
        if (_environment is null)
        {
            const string Export = "export DOCKER_HOST='";
            var lines = (await cluster.CoxswainAsync("docker-env")).Succeeded().Output.Split('\n');
            var host = lines.Single(line => line.StartsWith(Export, StringComparison.Ordinal))[Export.Length..].TrimEnd(';', '\'');
            _environment = new Dictionary<string, string> { ["DOCKER_HOST"] = host, ["DOCKER_BUILDKIT"] = "0" };
        }

        return _environment;
    }
}
