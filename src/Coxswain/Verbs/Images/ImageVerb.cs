using System.CommandLine;
using System.CommandLine.Invocation;
using Coxswain.CommandLine;
using Coxswain.Engine.Hosting;
using Coxswain.Hosting;

namespace Coxswain.Verbs.Images;

/// <summary>
/// The common part of every <c>image</c> verb. A running server owns the images and is asked to do it; when none runs the
/// command opens the images itself, under the cluster's lock.
/// </summary>
internal sealed class ImageVerb(
    Option<string?> data, Func<ParseResult, bool> readsInput, Func<ParseResult, ImageVerbContext, CancellationToken, Task> run)
    : AsynchronousCommandLineAction
{
    /// <summary>Another command on the same images may be about to end.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    public Task RunAsync(ParseResult parsed, ImageVerbContext context, CancellationToken cancellationToken) => run(parsed, context, cancellationToken);

    public override async Task<int> InvokeAsync(ParseResult parseResult, CancellationToken cancellationToken = default)
    {
        var paths = ClusterPaths.ResolveCurrent(parseResult.GetValue(data));
        var configuration = ClusterConfiguration.Load(paths);
        if (ServerState.Load(paths) is not null)
        {
            using var client = new CommandClient(paths.CommandSocket);
            return await client.RunAsync(readsInput(parseResult) ? Terminal.OpenInput() : null, cancellationToken);
        }

        using var held = await ClusterLock.TakeAsync(paths, Patience, TimeProvider.System, cancellationToken);

        // Without a server there is no bridge: steps of a build have a network of their own, with nobody else on it.
        using var images = await ImageEngine.OpenAsync(
            EngineFactory.Options(paths, configuration), TimeProvider.System, network: null, cancellationToken);
        await run(parseResult, Local(images), cancellationToken);
        return 0;
    }

    private static ImageVerbContext Local(ImageEngine images) => new()
    {
        Images = images,
        Out = Terminal.Out,
        OpenInput = Terminal.OpenInput,
        OpenOutput = Terminal.OpenOutput,
        WorkingDirectory = Directory.GetCurrentDirectory(),
        Environment = CommandRequest.OurEnvironment(),
    };
}

internal static class ImageVerbExtensions
{
    /// <param name="readsInput">Whether the verb, as it was typed, reads standard input.</param>
    public static Command WithImages(
        this Command command, Func<ParseResult, ImageVerbContext, CancellationToken, Task> run, Func<ParseResult, bool>? readsInput = null)
    {
        var data = CommonOptions.DataDirectory();
        command.Add(data);
        command.Action = new ImageVerb(data, readsInput ?? (_ => false), run);
        return command;
    }
}
