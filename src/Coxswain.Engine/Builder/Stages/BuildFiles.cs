using Coxswain.Engine.Builder.Contexts;
using Coxswain.Engine.Builder.Dockerfiles;

namespace Coxswain.Engine.Builder.Stages;

/// <summary>The files that steer a build: the Dockerfile and what it ignores.</summary>
internal sealed record BuildFiles(Dockerfile Dockerfile, DockerIgnore Ignore)
{
    public static async Task<BuildFiles> LoadAsync(
        BuildOptions options, BuildProgress progress, CancellationToken cancellationToken)
    {
        if (!Directory.Exists(options.ContextDirectory))
        {
            throw new BuildException($"the build context {options.ContextDirectory} is not a directory");
        }

        var path = options.DockerfilePath ?? Path.Combine(options.ContextDirectory, "Dockerfile");
        Dockerfile? dockerfile = null;
        await progress.RunAsync($"[internal] load build definition from {Path.GetFileName(path)}", async _ =>
        {
            var text = options.DockerfileText
                ?? await ReadAsync(path, cancellationToken)
                ?? throw new BuildException($"no Dockerfile at {path}: make one, or name it with -f");
            dockerfile = Dockerfile.Parse(text);
        });
        var ignore = await ReadAsync(path + ".dockerignore", cancellationToken)
            ?? await ReadAsync(Path.Combine(options.ContextDirectory, ".dockerignore"), cancellationToken);
        return new BuildFiles(
            dockerfile ?? throw new System.Diagnostics.UnreachableException(),
            ignore is null ? DockerIgnore.None : DockerIgnore.Parse(ignore));
    }

    private static async Task<string?> ReadAsync(string path, CancellationToken cancellationToken)
    {
        try
        {
            return await File.ReadAllTextAsync(path, cancellationToken);
        }
        catch (Exception exception) when (exception is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
    }
}
