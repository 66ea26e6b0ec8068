using Coxswain.DockerApi.Hosting;
using Coxswain.DockerApi.Http;
using Coxswain.DockerApi.Wire;
using Coxswain.Engine.Builder;
using Coxswain.Engine.Builder.Contexts;
using Coxswain.Engine.Images;
using Coxswain.Engine.Local;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Coxswain.DockerApi.Endpoints;

/// <summary>The classic build: a context as an archive in, progress as text out.</summary>
internal sealed class BuildEndpoints(DockerBackend backend)
{
    public void Map(IEndpointRouteBuilder routes) => routes.MapPost("/build", BuildAsync);

    private async Task BuildAsync(HttpContext context)
    {
        var request = context.Request;
        if (request.Text("version") == "2")
        {
            throw new LocalException(
                LocalErrorKind.Unsupported, "BuildKit's protocol is not supported: build with DOCKER_BUILDKIT=0");
        }

        if (request.Text("remote") is { } remote)
        {
            throw new LocalException(
                LocalErrorKind.Unsupported, $"building from {remote} is not supported: get it here and build from the directory");
        }

        using var unpacked = await UnpackedContext.ReadAsync(backend.Images.Store, request.Body, context.RequestAborted);
        var tags = request.Query["t"].OfType<string>().Where(tag => tag.Length > 0).ToArray();
        var options = new BuildOptions
        {
            ContextDirectory = unpacked.Directory,
            DockerfilePath = Dockerfile(unpacked.Directory, request.Text("dockerfile")),
            Tags = tags,
            BuildArguments = Values(request, "buildargs"),
            Labels = Values(request, "labels"),
            Target = request.Text("target"),
            NoCache = request.Flag("nocache"),
            Network = request.Text("networkmode") is { } network && network is "host" or "none" ? network : "default",
            Credentials = RegistryAuth.All(request),
        };
        var quiet = request.Flag("q");
        await using var lines = new JsonLines(context);
        var renderer = new ClassicBuildLines(lines, quiet);
        await lines.RunAsync(async () =>
        {
            if (request.Flag("pull"))
            {
                await RefreshAsync(options, context);
            }

            var image = await backend.Images.Builder.BuildAsync(options, renderer, context.RequestAborted);
            lines.Write(new ProgressMessage { Aux = new ProgressAux { Id = image.Id.ToString() } });
            if (quiet)
            {
                lines.Write(new ProgressMessage { Stream = $"{image.Id}\n" });
                return;
            }

            lines.Write(new ProgressMessage { Stream = $"Successfully built {image.Id.Short}\n" });
            foreach (var tag in tags)
            {
                lines.Write(new ProgressMessage { Stream = $"Successfully tagged {ImageReference.Parse(tag).Familiar}\n" });
            }
        });
    }

    /// <summary><c>--pull</c>: the base images of registries as they are there now.</summary>
    private async Task RefreshAsync(BuildOptions options, HttpContext context)
    {
        foreach (var name in await backend.Images.Builder.BaseImagesAsync(options, context.RequestAborted))
        {
            await backend.Images.Registry.PullAsync(
                name, new() { Credentials = options.Credentials?.Find(ImageReference.Parse(name).Domain) }, context.RequestAborted);
        }
    }

    /// <summary>Inside the context, whatever the client wrote.</summary>
    private static string? Dockerfile(string directory, string? path)
    {
        if (path is null)
        {
            return null;
        }

        var full = Path.GetFullPath(Path.Combine(directory, path.TrimStart('/')));
        return full.StartsWith(directory + "/", StringComparison.Ordinal)
            ? full
            : throw new LocalException(LocalErrorKind.Invalid, $"the Dockerfile {path} lies outside of the build context");
    }

    private static Dictionary<string, string> Values(HttpRequest request, string name) =>
        (request.Json(name, WireJson.Default.DictionaryStringString) ?? [])
            .Where(pair => pair.Value is not null).ToDictionary(pair => pair.Key, pair => pair.Value, StringComparer.Ordinal);
}
