using Coxswain.Engine.Builder.Contexts;
using Coxswain.Engine.Builder.Dockerfiles;
using Coxswain.Engine.Builder.Steps;
using Coxswain.Engine.Images.Registry;
using Coxswain.Engine.Images.Storage;
using Coxswain.Engine.Images.Stores;

namespace Coxswain.Engine.Builder.Stages;

/// <summary>Builds images from Dockerfiles: what <c>docker build</c> does.</summary>
/// <param name="puller">For base images that are not here; null where there is no registry.</param>
/// <param name="http">For ADD of a URL.</param>
public sealed class ImageBuilder(ImageStore store, IStepRunner runner, IImagePuller? puller, HttpClient http)
{
    /// <exception cref="DockerfileException">The Dockerfile cannot be understood.</exception>
    /// <exception cref="BuildException">A step failed.</exception>
    public async Task<Image> BuildAsync(
        BuildOptions options, IProgress<BuildEvent> progress, CancellationToken cancellationToken)
    {
        var tags = options.Tags.Select(ImageStore.ParseTag).ToArray();
        var reporter = new BuildProgress(progress, store.Time);
        var files = await BuildFiles.LoadAsync(options, reporter, cancellationToken);
        var arguments = new BuildArguments(files.Dockerfile, options.BuildArguments);
        var stages = StageGraph.Needed(files.Dockerfile, options.Target, arguments.Global);
        using var session = await store.OpenSessionAsync(cancellationToken);
        var build = new BuildContext
        {
            Store = store,
            Session = session,
            Options = options,
            Dockerfile = files.Dockerfile,
            Arguments = arguments,
            Source = BuildSource.OfContext(Path.GetFullPath(options.ContextDirectory), files.Ignore),
            Runner = runner,
            Progress = reporter,
            Images = new BaseImages(store, puller, options.Credentials),
            Remote = new RemoteFiles(http),
            Cache = new BuildCache(store.Paths),
        };
        foreach (var stage in stages)
        {
            build.Done[stage.Index] = await new StageBuilder(build, stage).RunAsync(cancellationToken);
        }

        if (arguments.Unused() is { Count: > 0 } unused)
        {
            reporter.Warn($"one or more build-args [{string.Join(' ', unused)}] were not consumed");
        }

        Image? image = null;
        await reporter.RunAsync("exporting to image", async step =>
        {
            image = await ImageExport.RunAsync(build, build.Done[stages[^1].Index], tags, cancellationToken);
            step.Status($"writing image {image.Id}");
            foreach (var tag in tags)
            {
                step.Status($"naming to {tag}");
            }
        });
        return image ?? throw new System.Diagnostics.UnreachableException();
    }

    /// <summary>The images that a build's stages begin with, as its Dockerfile and arguments have them.</summary>
    public async Task<IReadOnlyList<string>> BaseImagesAsync(BuildOptions options, CancellationToken cancellationToken)
    {
        var files = await BuildFiles.LoadAsync(options, new BuildProgress(new Progress(), store.Time), cancellationToken);
        var arguments = new BuildArguments(files.Dockerfile, options.BuildArguments);
        var stages = StageGraph.Needed(files.Dockerfile, options.Target, arguments.Global);
        return [.. stages
            .Select(stage => (Stage: stage, Name: new Expander(files.Dockerfile.Escape, arguments.Global, stage.From.Line).Word(stage.From.Image)))
            .Where(from => from.Name != "scratch" && StageGraph.FindStage(files.Dockerfile, from.Name, from.Stage.Index) is null)
            .Select(from => from.Name).Distinct(StringComparer.Ordinal)];
    }

    /// <summary>For who only looks: nothing is shown.</summary>
    private sealed class Progress : IProgress<BuildEvent>
    {
        public void Report(BuildEvent value)
        {
        }
    }
}
