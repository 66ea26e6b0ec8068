using System.CommandLine;
using System.Runtime.InteropServices;
using Coxswain.CommandLine;
using Coxswain.Hosting;
using Coxswain.Verbs.Images;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Console;

namespace Coxswain.Verbs;

/// <summary><c>coxswain server</c>: the foreground process that <c>up</c> starts, and systemd can.</summary>
internal static class ServerCommand
{
    /// <param name="root">The whole command line, for the verbs that the server does for others.</param>
    public static Command Create(RootCommand root)
    {
        var data = CommonOptions.DataDirectory();
        var notify = new Option<bool>("--notify") { Description = "Tell on standard output how far the start has come", Hidden = true };
        var verbose = new Option<bool>("--verbose", "-v") { Description = "Log every step" };
        var logFile = new Option<string?>("--log-file") { Description = "Log to this file, which is rotated, instead of standard error", HelpName = "FILE" };
        var command = new Command("server", "Run the cluster in the foreground") { data, notify, verbose, logFile };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            Requirements.Check();
            using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, context => Stop(context, stop));
            using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, context => Stop(context, stop));

            // A terminal that goes away must not take the cluster with it.
            using var hangUp = PosixSignalRegistration.Create(PosixSignal.SIGHUP, context => context.Cancel = true);

            // Open until the process ends: the last line says why it did.
            Terminal.ReplaceError(parsed.GetValue(logFile) is { } file ? new RotatingLog(file) : null);
            using var loggers = CreateLoggers(parsed.GetValue(verbose));
            var paths = ClusterPaths.Resolve(parsed.GetValue(data));
            paths.Create();
            var server = new ClusterServer(
                paths, Configuration(paths), new CommandServer(paths.CommandSocket, root, loggers).RunAsync, loggers);
            await server.RunAsync(parsed.GetValue(notify) ? Notify : _ => { }, stop.Token);
            return 0;
        });
        return command;
    }

    /// <summary>A server may also be the first to run in a data directory, with what is usual.</summary>
    private static ClusterConfiguration Configuration(ClusterPaths paths)
    {
        if (ClusterConfiguration.Find(paths) is { } existing)
        {
            return existing;
        }

        var usual = new ClusterConfiguration();
        usual.Save(paths);
        return usual;
    }

    private static void Stop(PosixSignalContext context, CancellationTokenSource stop)
    {
        context.Cancel = true;
        stop.Cancel();
    }

    /// <summary>The reader is the <c>up</c> that started us; it leaves after the last line, or earlier when interrupted.</summary>
    private static void Notify(string line)
    {
        try
        {
            Terminal.Out.WriteLine(line);
            Terminal.Out.Flush();
        }
        catch (IOException)
        {
            // Nobody listens any more.
        }
    }

    private static ILoggerFactory CreateLoggers(bool verbose) => LoggerFactory.Create(logging => logging
        .SetMinimumLevel(verbose ? LogLevel.Debug : LogLevel.Information)
        .AddFilter("Microsoft", LogLevel.Warning)
        .AddSimpleConsole(options =>
        {
            options.SingleLine = true;
            options.ColorBehavior = LoggerColorBehavior.Disabled;
            options.TimestampFormat = "yyyy-MM-ddTHH:mm:ss.fffZ ";
            options.UseUtcTimestamp = true;
        })
        .Services.Configure<ConsoleLoggerOptions>(options => options.LogToStandardErrorThreshold = LogLevel.Trace));
}
