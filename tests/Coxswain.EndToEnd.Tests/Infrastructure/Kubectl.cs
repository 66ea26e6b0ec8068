namespace Coxswain.EndToEnd.Tests.Infrastructure;

/// <summary>One real kubectl against the tests' cluster.</summary>
public sealed class Kubectl(string path, string kubeconfig, string? @namespace = null)
{
    private Dictionary<string, string> Environment => new(StringComparer.Ordinal) { ["KUBECONFIG"] = kubeconfig };

    /// <summary>What a shell runs in its place.</summary>
    public string CommandLine => $"{path} --kubeconfig {kubeconfig}" + (@namespace is null ? "" : $" -n {@namespace}");

    public Kubectl In(string name) => new(path, kubeconfig, name);

    public Task<CommandResult> RunAsync(params string[] arguments) => Command.RunAsync(path, WithNamespace(arguments), environment: Environment);

    public Task<CommandResult> ApplyAsync(string manifest, params string[] options) =>
        Command.RunAsync(path, WithNamespace(["apply", "-f", "-", .. options]), manifest, Environment);

    public RunningCommand Start(params string[] arguments) => Command.Start(path, WithNamespace(arguments), Environment);

    /// <summary>What the command prints, trimmed.</summary>
    public async Task<string> ReadAsync(params string[] arguments) => (await RunAsync(arguments)).Succeeded().Output.Trim();

    /// <summary>One field of an object or list by JSONPath.</summary>
    public Task<string> FieldAsync(string what, string path) => ReadAsync(["get", .. what.Split(' '), "-o", $"jsonpath={path}"]);

    private string[] WithNamespace(string[] arguments) => @namespace is null ? arguments : ["-n", @namespace, .. arguments];
}
