using Coxswain.Linux.Processes;

namespace Coxswain.Hosting;

/// <summary>Starts and stops the background server of a cluster.</summary>
internal static class ServerProcess
{
    /// <summary>The lines by which a server tells the <c>up</c> that started it how far it has come.</summary>
    public const string ProgressPrefix = "progress: ";

    public const string ReadyLine = "ready";

    private static readonly TimeSpan ReadinessInterval = TimeSpan.FromMilliseconds(100);

    /// <summary>Starts a server in a session of its own and returns when its node is Ready.</summary>
    /// <exception cref="CommandFailure">It ended first; the message carries its last words.</exception>
    /// <exception cref="OperationCanceledException">The caller gave up; the server has been stopped again.</exception>
    public static async Task<ServerState> StartAsync(ClusterPaths paths, Action<string> progress, CancellationToken cancellationToken)
    {
        RotatingLog.KeepPrevious(paths.ServerLog);

        // The shell only opens the log for what the runtime itself has to say: conventional descriptors survive exec, so
        // nothing of ours has to stay behind. The server's own directory holds nobody else's in place.
        using var events = new KernelEvents();
        await using var server = new ProcessRunner(events).Start(new ProcessSpec(
            "/bin/sh", "-c", "cd \"$1\" && exec \"$0\" server --notify --log-file \"$2\" --data-dir \"$1\" 2>>\"$2\"",
            Environment.ProcessPath!, paths.Data, paths.ServerLog)
        {
            Streams = ProcessStreams.Output,
            NewSession = true,
        });

        using var lines = new StreamReader(server.Output!);
        try
        {
            // A read that has begun may not heed the token: the interruption must not wait for the next line.
            while (await lines.ReadLineAsync(cancellationToken).AsTask().WaitAsync(cancellationToken) is { } line)
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
        catch (OperationCanceledException)
        {
            progress("Interrupted: stopping the server again.");
            Signals.Send(server.Pid, Signals.Terminate);
            await server.Exited;
            throw;
        }
    }

    /// <summary>Waits for a server that somebody else started.</summary>
    /// <exception cref="CommandFailure">It ended first.</exception>
    public static async Task<ServerState> WaitUntilReadyAsync(
        ClusterPaths paths, ServerState state, TimeProvider time, CancellationToken cancellationToken)
    {
        while (!state.IsReady)
        {
            await Task.Delay(ReadinessInterval, time, cancellationToken);
            state = ServerState.Load(paths)
                ?? throw new CommandFailure($"the server ended while starting: {LastWords(paths.ServerLog)} (log: {paths.ServerLog})");
        }

        return state;
    }

    /// <summary>Asks the server to end and waits until it has. Pods go on running.</summary>
    public static async Task StopAsync(ServerState state, CancellationToken cancellationToken)
    {
        Signals.Send(state.Pid, state.StartTime, Signals.Terminate);
        using var events = new KernelEvents();
        await new ProcessWatcher(events).WaitForExitAsync(state.Pid, state.StartTime, cancellationToken);
    }

    /// <summary>What the server said why it ended: its own line, or what the runtime says of a fault nobody caught.</summary>
    private static string LastWords(string log)
    {
        var lines = File.Exists(log) ? File.ReadLines(log).Where(line => line.Length > 0).TakeLast(100).ToList() : [];
        foreach (var opening in new[] { "coxswain:", "Unhandled exception." })
        {
            if (lines.FindLast(line => line.StartsWith(opening, StringComparison.Ordinal)) is { } line)
            {
                return line[opening.Length..].Trim();
            }
        }

        return lines.Count > 0 ? lines[^1].Trim() : "it left no message";
    }
}
