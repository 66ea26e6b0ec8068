using System.Diagnostics;
using System.Text;

namespace Coxswain.EndToEnd.Tests.Infrastructure;

/// <summary>What a command printed, and how it ended.</summary>
public sealed record CommandResult(string CommandLine, int ExitCode, string Output, string Error)
{
    /// <summary>The result itself when the command succeeded; otherwise the test fails with all it said.</summary>
    public CommandResult Succeeded()
    {
        Assert.True(ExitCode == 0, $"{CommandLine} ended with {ExitCode}\n{Output}\n{Error}");
        return this;
    }
}

/// <summary>Runs the tools a user would type.</summary>
public static class Command
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(3);

    public static async Task<CommandResult> RunAsync(
        string fileName, IEnumerable<string> arguments, string? input = null, IReadOnlyDictionary<string, string>? environment = null)
    {
        using var process = new Process { StartInfo = StartInfo(fileName, arguments, environment, redirectInput: input is not null) };
        var output = new StringBuilder();
        var error = new StringBuilder();
        process.OutputDataReceived += (_, line) => Append(output, line.Data);
        process.ErrorDataReceived += (_, line) => Append(error, line.Data);
        process.Start();
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        if (input is not null)
        {
            await process.StandardInput.WriteAsync(input);
            process.StandardInput.Close();
        }

        var commandLine = $"{Path.GetFileName(fileName)} {string.Join(' ', process.StartInfo.ArgumentList)}";
        using var limit = new CancellationTokenSource(Limit);
        try
        {
            await process.WaitForExitAsync(limit.Token);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            Assert.Fail($"{commandLine} did not end within {Limit}\n{output}\n{error}");
        }

        return new CommandResult(commandLine, process.ExitCode, output.ToString(), error.ToString());
    }

    /// <summary>Starts a command that goes on until the caller ends it; its lines can be awaited.</summary>
    public static RunningCommand Start(string fileName, IEnumerable<string> arguments, IReadOnlyDictionary<string, string>? environment = null) =>
        new(StartInfo(fileName, arguments, environment, redirectInput: false));

    private static ProcessStartInfo StartInfo(
        string fileName, IEnumerable<string> arguments, IReadOnlyDictionary<string, string>? environment, bool redirectInput)
    {
        var info = new ProcessStartInfo(fileName, arguments)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = redirectInput,
        };
        foreach (var (key, value) in environment ?? new Dictionary<string, string>())
        {
            info.Environment[key] = value;
        }

        return info;
    }

    private static void Append(StringBuilder text, string? line)
    {
        if (line is not null)
        {
            lock (text)
            {
                text.Append(line).Append('\n');
            }
        }
    }
}
