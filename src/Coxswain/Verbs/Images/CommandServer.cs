using System.CommandLine;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Coxswain.CommandLine;
using Coxswain.Engine.Hosting;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Coxswain.Verbs.Images;

/// <summary>
/// Runs image verbs for the command lines of this machine, on the server's own images: what they build or remove is known
/// here at once. The socket lies in a directory that only root may enter.
/// </summary>
internal sealed partial class CommandServer(string socketPath, RootCommand root, ILoggerFactory loggers)
{
    /// <summary>A command line and its environment: the kernel lets no process have more.</summary>
    private const int MostHeaderBytes = 4 * 1024 * 1024;

    private readonly ILogger _logger = loggers.CreateLogger<CommandServer>();

    /// <summary>Serves until cancelled; verbs under way are cancelled with it.</summary>
    public async Task RunAsync(ImageEngine images, CancellationToken cancellationToken)
    {
        File.Delete(socketPath);
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().UseShutdownTimeout(TimeSpan.FromSeconds(1));
        builder.Services.AddSingleton<IHostLifetime, NoLifetime>();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.ListenUnixSocket(socketPath);
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = null; // an image tarball of any size
            kestrel.Limits.MinRequestBodyDataRate = null;
            kestrel.Limits.MinResponseDataRate = null;
            kestrel.Limits.MaxRequestHeadersTotalSize = MostHeaderBytes;
            kestrel.Limits.MaxRequestBufferSize = MostHeaderBytes;
        });
        await using var web = builder.Build();
        web.Run(context => HandleAsync(context, images, cancellationToken));
        await web.StartAsync(cancellationToken);
        try
        {
            await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, cancellationToken);
        }
        finally
        {
            await web.StopAsync(CancellationToken.None);
            File.Delete(socketPath);
        }
    }

    private async Task HandleAsync(HttpContext context, ImageEngine images, CancellationToken stopping)
    {
        CommandRequest request;
        ParseResult parsed;
        try
        {
            request = CommandRequest.FromHeader(context.Request.Headers[CommandClient.RequestHeader].ToString());
            parsed = root.Parse(request.Arguments);
        }
        catch (Exception exception) when (exception is FormatException or JsonException)
        {
            context.Response.StatusCode = StatusCodes.Status400BadRequest;
            return;
        }

        if (parsed.Errors.Count > 0 || parsed.Action is not ImageVerb verb)
        {
            context.Response.StatusCode = StatusCodes.Status400BadRequest;
            return;
        }

        // Progress comes from callbacks that cannot wait; a caller that does not read slows only its own verb.
        context.Features.GetRequiredFeature<IHttpBodyControlFeature>().AllowSynchronousIO = true;
        var frames = new CommandFrames(context.Response.Body);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, stopping);
        var code = await RunAsync(verb, parsed, Context(context, request, frames, images), frames, either.Token);
        frames.Write(FrameKind.Exit, Encoding.ASCII.GetBytes(code.ToString(CultureInfo.InvariantCulture)));
    }

    private async Task<int> RunAsync(
        ImageVerb verb, ParseResult parsed, ImageVerbContext context, CommandFrames frames, CancellationToken cancellationToken)
    {
        try
        {
            await verb.RunAsync(parsed, context, cancellationToken);
            return 0;
        }
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
        {
            if (ExpectedFailures.Describe(exception) is not { } line)
            {
                Log.VerbFailed(_logger, exception, parsed.CommandResult.Command.Name);
                line = $"a fault of ours, see the server's log: {exception.Message}";
            }

            frames.Writer(FrameKind.Error).WriteLine($"coxswain: {line}");
            return 1;
        }
    }

    private static ImageVerbContext Context(HttpContext context, CommandRequest request, CommandFrames frames, ImageEngine images) => new()
    {
        Images = images,
        Out = frames.Writer(FrameKind.Output),
        OpenInput = () => context.Request.Body,
        OpenOutput = frames.OutputStream,
        WorkingDirectory = request.WorkingDirectory,
        Environment = request.Environment,
    };

    /// <summary>The process's signals are the cluster server's to handle.</summary>
    private sealed class NoLifetime : IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Error, "Image verb {Verb} failed")]
        public static partial void VerbFailed(ILogger logger, Exception exception, string verb);
    }
}
