using Coxswain.Linux.Processes;

namespace Coxswain.Hosting;

/// <summary>Starts and stops the background server of a cluster.</summary>
internal static class ServerProcess
{
    /// <summary>The lines by which a server tells the <c>up</c> that started it how far it has come.</summary>
    public const string ProgressPrefix = "progress: ";

    public const string ReadyLine = "ready";

    /// <summary>Starts a server in a session of its own and returns when its node is Ready.</summary>
    /// <exception cref="CommandFailure">It ended first; the message carries its last words.</exception>
    public static async Task<ServerState> StartAsync(ClusterPaths paths, Action<string> progress, CancellationToken cancellationToken)
    {
        Directory.CreateDirectory(paths.Data);
        KeepOnePreviousLog(paths.ServerLog);

        // The shell only opens the log: conventional descriptors survive exec, so nothing of ours has to stay behind.
        using var events = new KernelEvents();
        await using var server = new ProcessRunner(events).Start(new ProcessSpec(
            "/bin/sh", "-c", "exec \"$0\" server --notify --data-dir \"$1\" 2>>\"$2\"", Environment.ProcessPath!, paths.Data, paths.ServerLog)
        {
            Streams = ProcessStreams.Output,
            NewSession = true,
        });

        using var lines = new StreamReader(server.Output!);
        while (await lines.ReadLineAsync(cancellationToken) is { } line)
        {
            if (line == ReadyLine)
            {
                return ServerState.Load(paths) ?? throw new CommandFailure($"the server ended as soon as it was ready; see {paths.ServerLog}");
            }

            if (line.StartsWith(ProgressPrefix, StringComparison.Ordinal))
            {
                progress(line[ProgressPrefix.Length..]);
            }
        }

        var code = await server.Exited.WaitAsync(cancellationToken);
        throw new CommandFailure($"the server ended with code {code} while starting: {LastWords(paths.ServerLog)} (log: {paths.ServerLog})");
    }

    /// <summary>Asks the server to end and waits until it has. Pods go on running.</summary>
    public static async Task StopAsync(ServerState state, CancellationToken cancellationToken)
    {
        Signals.Send(state.Pid, state.StartTime, Signals.Terminate);
        using var events = new KernelEvents();
        await new ProcessWatcher(events).WaitForExitAsync(state.Pid, state.StartTime, cancellationToken);
    }

    private static void KeepOnePreviousLog(string log)
    {
        if (File.Exists(log))
        {
            File.Move(log, log + ".1", overwrite: true);
        }
    }

    private static string LastWords(string log)
    {
        var lines = File.Exists(log) ? File.ReadLines(log).Where(line => line.Length > 0).TakeLast(20).ToList() : [];
        return lines.FindLast(line => line.StartsWith("coxswain:", StringComparison.Ordinal))?["coxswain:".Length..].Trim()
            ?? (lines.Count > 0 ? lines[^1].Trim() : "it left no message");
    }
}
