using System.CommandLine;
using Coxswain.Engine.Images;
using Coxswain.Hosting;

namespace Coxswain.CommandLine.Images;

/// <summary>The common part of every <c>image</c> verb: the data directory, and the images opened on it.</summary>
internal static class ImageVerb
{
    public static Command WithImages(this Command command, Func<ParseResult, ImageEngine, CancellationToken, Task> run)
    {
        var data = CommonOptions.DataDirectory();
        command.Add(data);
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var paths = ClusterPaths.Resolve(parsed.GetValue(data));

            // Steps use the machine's own network: the cluster's is the server's to manage, and it may be down.
            using var images = await ImageEngine.OpenAsync(
                EngineFactory.Options(paths, ClusterConfiguration.Load(paths)), TimeProvider.System, network: null, cancellationToken);
            await run(parsed, images, cancellationToken);
            return 0;
        });
        return command;
    }
}
