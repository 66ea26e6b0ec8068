using System.CommandLine;
using Coxswain.Engine.Builder;
using Coxswain.Hosting;

namespace Coxswain.Verbs.Images;

/// <summary><c>image build -t NAME:TAG [-f FILE] DIR</c>.</summary>
internal static class BuildCommand
{
    public static Command Create()
    {
        var tag = new Option<string[]>("--tag", "-t") { Description = "Name of the image, NAME:TAG", DefaultValueFactory = _ => [] };
        var file = new Option<string?>("--file", "-f") { Description = "The Dockerfile (default: DIR/Dockerfile)" };
        var arguments = new Option<string[]>("--build-arg") { Description = "NAME=VALUE for an ARG", DefaultValueFactory = _ => [] };
        var labels = new Option<string[]>("--label") { Description = "NAME=VALUE to add to the image", DefaultValueFactory = _ => [] };
        var target = new Option<string?>("--target") { Description = "The stage to build" };
        var noCache = new Option<bool>("--no-cache") { Description = "Run every step anew" };
        var network = new Option<string>("--network") { Description = "Network of RUN: default, host or none", DefaultValueFactory = _ => "default" };
        var directory = new Argument<string>("DIR") { Description = "What COPY and ADD read from" };
        return new Command("build", "Build an image from a Dockerfile") { tag, file, arguments, labels, target, noCache, network, directory }
            .WithImages(async (parsed, context, cancellationToken) =>
            {
                var source = context.FullPath(parsed.GetValue(directory)!);
                if (!Directory.Exists(source))
                {
                    throw new CommandFailure($"{source} is not a directory");
                }

                await context.Images.Builder.BuildAsync(
                    new BuildOptions
                    {
                        ContextDirectory = source,
                        DockerfilePath = parsed.GetValue(file) is { } dockerfile ? context.FullPath(dockerfile) : null,
                        Tags = parsed.GetValue(tag)!,
                        BuildArguments = Pairs(parsed.GetValue(arguments)!, context.Environment),
                        Labels = Pairs(parsed.GetValue(labels)!, context.Environment),
                        Target = parsed.GetValue(target),
                        NoCache = parsed.GetValue(noCache),
                        Network = parsed.GetValue(network)!,
                        Credentials = context.Credentials,
                    },
                    new PlainBuildRenderer(context.Out),
                    cancellationToken);
            });
    }

    /// <summary>A name without a value takes it from the environment, as Docker does.</summary>
    private static Dictionary<string, string> Pairs(string[] texts, IReadOnlyDictionary<string, string> environment)
    {
        var pairs = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var text in texts)
        {
            var equals = text.IndexOf('=', StringComparison.Ordinal);
            if (equals > 0)
            {
                pairs[text[..equals]] = text[(equals + 1)..];
            }
            else if (environment.TryGetValue(text, out var value))
            {
                pairs[text] = value;
            }
        }

        return pairs;
    }
}
