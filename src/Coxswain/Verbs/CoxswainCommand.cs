using System.CommandLine;
using Coxswain.CommandLine;

namespace Coxswain.Verbs;

/// <summary>The command line: parses, runs one verb, and turns its outcome into an exit code.</summary>
internal static class CoxswainCommand
{
    private const int Failed = 1;
    private const int WrongUsage = 2;

    /// <summary>An interrupted verb may take this long to undo what it began.</summary>
    private static readonly TimeSpan UndoTimeout = TimeSpan.FromSeconds(30);

    public static async Task<int> RunAsync(string[] args)
    {
        var root = Build();
        var parsed = root.Parse(args);
        if (parsed.Errors.Count > 0)
        {
            foreach (var error in parsed.Errors)
            {
                await Terminal.Error.WriteLineAsync($"coxswain: {error.Message}");
            }

            await Terminal.Error.WriteLineAsync("Run 'coxswain --help' for usage.");
            return WrongUsage;
        }

        try
        {
            return await parsed.InvokeAsync(new InvocationConfiguration
            {
                EnableDefaultExceptionHandler = false,
                ProcessTerminationTimeout = UndoTimeout,
            });
        }
        catch (OperationCanceledException)
        {
            return 130;
        }
        catch (Exception exception) when (ExpectedFailures.Describe(exception) is { } line)
        {
            await Terminal.Error.WriteLineAsync($"coxswain: {line}");
            return Failed;
        }
    }

    private static RootCommand Build()
    {
        var root = new RootCommand("From a Dockerfile to a load-balanced, self-healing service: Kubernetes and a container engine in one process.")
        {
            UpCommand.Create(),
            DownCommand.Create(),
            StatusCommand.Create(),
            IpCommand.Create(),
            VersionCommand.Create(),
            ServiceCommand.Create(),
            ImageCommand.Create(),
            AddonsCommand.Create(),
            DockerEnvCommand.Create(),
        };
        root.Add(ServerCommand.Create(root));
        return root;
    }
}
