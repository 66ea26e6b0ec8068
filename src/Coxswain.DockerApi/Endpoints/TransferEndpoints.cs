using Coxswain.DockerApi.Hosting;
using Coxswain.DockerApi.Http;
using Coxswain.DockerApi.Wire;
using Coxswain.Engine.Images;
using Coxswain.Engine.Images.Documents;
using Coxswain.Engine.Images.Registry;
using Coxswain.Engine.Local;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Coxswain.DockerApi.Endpoints;

/// <summary>Pull, push, import and login: images on their way in and out.</summary>
internal sealed class TransferEndpoints(DockerBackend backend)
{
    public void Map(IEndpointRouteBuilder routes)
    {
        routes.MapPost("/images/create", CreateAsync);
        routes.MapPost("/auth", LoginAsync);
    }

    public async Task PushAsync(HttpContext context, string name)
    {
        var reference = ImageReference.Parse(context.Request.Text("tag") is { } tag ? $"{name}:{tag}" : name);
        await backend.Images.Store.GetAsync(reference.ToString(), context.RequestAborted);
        await using var lines = new JsonLines(context);
        await lines.RunAsync(async () =>
        {
            lines.Write(new ProgressMessage { Status = $"The push refers to repository [{reference.Repository}]" });
            var digest = await backend.Images.Pusher.PushAsync(
                reference.ToString(), RegistryAuth.One(context.Request), new LayerLines(lines), context.RequestAborted);
            var size = (await backend.Images.Store.GetAsync(reference.ToString(), context.RequestAborted)).ManifestDescriptor.Size;
            lines.Write(new ProgressMessage { Status = $"{reference.Tag}: digest: {digest} size: {size}" });
            lines.Write(new ProgressMessage { Aux = new ProgressAux { Tag = reference.Tag, Digest = digest.ToString(), Size = size } });
        });
    }

    private Task CreateAsync(HttpContext context) =>
        context.Request.Text("fromImage") is { } image ? PullAsync(context, image)
        : context.Request.Text("fromSrc") is { } source ? ImportAsync(context, source)
        : throw new LocalException(LocalErrorKind.Invalid, "fromImage or fromSrc is missing");

    private async Task PullAsync(HttpContext context, string image)
    {
        var tag = context.Request.Text("tag");
        if (context.Request.Text("platform") is { } platform && !Platform.Current.Runs(Platform.Parse(platform)))
        {
            throw new LocalException(LocalErrorKind.Invalid, $"only images for {Platform.Current} can be had here, not for {platform}");
        }

        var reference = ImageReference.Parse(
            tag is null ? image : tag.Contains(':', StringComparison.Ordinal) ? $"{image}@{tag}" : $"{image}:{tag}");
        var before = (await backend.Images.Store.FindAsync(reference.ToString(), context.RequestAborted))?.Id;
        await using var lines = new JsonLines(context);
        await lines.RunAsync(async () =>
        {
            var pulled = await backend.Images.Registry.PullAsync(
                reference.ToString(),
                new PullOptions { Credentials = RegistryAuth.One(context.Request), Progress = new LayerLines(lines, reference) },
                context.RequestAborted);
            if (pulled.RepositoryDigests is [.., var digest])
            {
                lines.Write(new ProgressMessage { Status = $"Digest: {digest[(digest.IndexOf('@', StringComparison.Ordinal) + 1)..]}" });
            }

            var news = pulled.Id == before ? "Image is up to date" : "Downloaded newer image";
            lines.Write(new ProgressMessage { Status = $"Status: {news} for {reference.Familiar}" });
        });
    }

    private async Task ImportAsync(HttpContext context, string source)
    {
        if (source != "-")
        {
            throw new LocalException(LocalErrorKind.Unsupported, "importing from a URL is not supported: download it and import the file");
        }

        var repository = context.Request.Text("repo");
        var name = repository is null ? null : context.Request.Text("tag") is { } tag ? $"{repository}:{tag}" : repository;
        var changes = context.Request.Query["changes"].OfType<string>().ToArray();
        await using var lines = new JsonLines(context);
        await lines.RunAsync(async () =>
        {
            var image = await backend.Images.Importer.ImportAsync(
                context.Request.Body, name, ConfigChanges.Apply(new ContainerConfig(), changes),
                context.Request.Text("message") ?? "Imported from -", context.RequestAborted);
            lines.Write(new ProgressMessage { Status = image.Id.ToString() });
        });
    }

    private async Task LoginAsync(HttpContext context)
    {
        var auth = await context.Request.BodyAsync(WireJson.Default.AuthRequest);
        var address = auth.ServerAddress is { Length: > 0 } server ? server : "docker.io";
        var scheme = address.IndexOf("://", StringComparison.Ordinal);
        var host = (scheme < 0 ? address : address[(scheme + 3)..]).Split('/')[0];
        try
        {
            await backend.Images.LoginAsync(
                host is "index.docker.io" or "registry-1.docker.io" ? "docker.io" : host, RegistryAuth.ToCredentials(auth), context.RequestAborted);
        }
        catch (ImageException exception) when (exception.Kind == ImageErrorKind.Unauthorized)
        {
            await context.JsonAsync(
                new ErrorMessage($"Get \"https://{host}/v2/\": unauthorized: {exception.Message}"), WireJson.Default.ErrorMessage,
                StatusCodes.Status401Unauthorized);
            return;
        }

        await context.JsonAsync(new AuthAnswer("Login Succeeded", ""), WireJson.Default.AuthAnswer);
    }

    /// <summary>Layers' progress in Docker's lines; the first line is written when there is something to tell.</summary>
    private sealed class LayerLines(JsonLines lines, ImageReference? pulled = null) : IProgress<PullProgress>
    {
        private readonly Lock _lock = new();
        private bool _begun;

        public void Report(PullProgress value)
        {
            lock (_lock)
            {
                if (!_begun && pulled is not null)
                {
                    lines.Write(new ProgressMessage { Status = $"Pulling from {pulled.Path}", Id = pulled.Tag ?? pulled.Digest?.ToString() });
                }

                _begun = true;
                lines.Write(new ProgressMessage
                {
                    Status = value.Status,
                    Id = value.Layer.Short,
                    ProgressDetail = value.Status is "Downloading" or "Pushing"
                        ? new ProgressDetail(value.CurrentBytes, value.TotalBytes)
                        : new ProgressDetail(null, null),
                });
            }
        }
    }
}
