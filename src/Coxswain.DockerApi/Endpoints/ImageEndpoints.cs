using Coxswain.DockerApi.Http;
using Coxswain.DockerApi.Wire;
using Coxswain.Engine.Images;
using Coxswain.Engine.Images.Archives;
using Coxswain.Engine.Images.Stores;
using Coxswain.Engine.Local;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Coxswain.DockerApi.Endpoints;

/// <summary>Images: list, inspect, history, tag, remove, prune, save, load. Names have slashes, so the verb is the path's last part.</summary>
internal sealed class ImageEndpoints(DockerBackend backend)
{
    private readonly ImageStore _store = backend.Images.Store;

    public void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/images/json", ListAsync);
        routes.MapGet("/images/search", _ => throw new LocalException(
            LocalErrorKind.Unsupported, "searching a registry is not supported: its search is not part of the registry protocol"));
        routes.MapGet("/images/get", context => SaveAsync(context, [.. context.Request.Query["names"].SelectMany(names => (names ?? "").Split(','))]));
        routes.MapPost("/images/load", LoadAsync);
        routes.MapPost("/images/prune", PruneAsync);
        routes.MapPost("/build/prune", PruneCacheAsync);
        routes.MapGet("/images/{**rest}", GetAsync);
        routes.MapPost("/images/{**rest}", PostAsync);
        routes.MapDelete("/images/{**name}", RemoveAsync);
    }

    private Task GetAsync(HttpContext context)
    {
        var (name, verb) = Split(context);
        return verb switch
        {
            "json" => InspectAsync(context, name),
            "history" => HistoryAsync(context, name),
            "get" => SaveAsync(context, [name]),
            _ => throw new LocalException(LocalErrorKind.NotFound, "page not found"),
        };
    }

    private Task PostAsync(HttpContext context)
    {
        var (name, verb) = Split(context);
        return verb switch
        {
            "tag" => TagAsync(context, name),
            "push" => new TransferEndpoints(backend).PushAsync(context, name),
            _ => throw new LocalException(LocalErrorKind.NotFound, "page not found"),
        };
    }

    private async Task ListAsync(HttpContext context)
    {
        var filters = Filters.Of(context.Request);
        filters.Check("dangling", "label", "label!", "reference", "before", "since", "until");
        var images = await _store.ListAsync(context.RequestAborted);
        var before = filters.Has("before") ? (await _store.GetAsync(filters["before"][0], context.RequestAborted)).Configuration.Created : null;
        var since = filters.Has("since") ? (await _store.GetAsync(filters["since"][0], context.RequestAborted)).Configuration.Created : null;
        var nameless = ApiVersion.Of(context) < new Version(1, 43);
        var found = images.Where(image =>
            (filters.Flag("dangling") is not { } dangling || dangling == (image.Tags.Count == 0))
            && filters.Labels(image.Config.Labels ?? [])
            && filters.Any("reference", pattern => ImageWords.Matches(image, pattern))
            && (before is null || image.Configuration.Created < before)
            && (since is null || image.Configuration.Created > since));
        await context.JsonAsync<IReadOnlyList<ImageSummary>>(
            [.. found.Select(image => ImageWords.Summary(image, nameless, filters["reference"]))], WireJson.Default.IReadOnlyListImageSummary);
    }

    private async Task InspectAsync(HttpContext context, string name)
    {
        var image = await _store.GetAsync(name, context.RequestAborted);
        var layers = await _store.PrepareLayersAsync(image, context.RequestAborted);
        await context.JsonAsync(ImageWords.Details(image, layers), WireJson.Default.ImageDetails);
    }

    private async Task HistoryAsync(HttpContext context, string name)
    {
        var image = await _store.GetAsync(name, context.RequestAborted);
        var lines = await _store.HistoryAsync(name, context.RequestAborted);
        await context.JsonAsync<IReadOnlyList<HistoryLine>>(
            [.. lines.Select(line => new HistoryLine(
                line.Id?.ToString() ?? "<missing>", line.Created?.ToUnixTimeSeconds() ?? 0, line.CreatedBy,
                line.Id is null ? null : ImageWords.Tags(image), line.SizeBytes, line.Comment))],
            WireJson.Default.IReadOnlyListHistoryLine);
    }

    private async Task TagAsync(HttpContext context, string name)
    {
        var repository = context.Request.Text("repo") ?? throw new LocalException(LocalErrorKind.Invalid, "repo is missing");
        var target = context.Request.Text("tag") is { } tag ? $"{repository}:{tag}" : repository;
        await _store.TagAsync(name, target, context.RequestAborted);
        context.Nothing(StatusCodes.Status201Created);
    }

    private async Task RemoveAsync(HttpContext context)
    {
        var name = context.Request.RouteValues["name"]?.ToString() ?? "";
        var removal = await _store.RemoveAsync(name, context.Request.Flag("force"), context.RequestAborted);
        await context.JsonAsync<IReadOnlyList<ImageDeletion>>(
            Deletions(removal.Untagged, removal.Deleted), WireJson.Default.IReadOnlyListImageDeletion);
    }

    private async Task PruneAsync(HttpContext context)
    {
        var filters = Filters.Of(context.Request);
        filters.Check("dangling");
        var report = await _store.PruneAsync(
            new ImagePruneOptions { All = filters.Flag("dangling") == false }, context.RequestAborted);
        await context.JsonAsync(
            new ImagesPruned(Deletions(report.Untagged, report.Deleted), report.SpaceReclaimedBytes), WireJson.Default.ImagesPruned);
    }

    private async Task PruneCacheAsync(HttpContext context)
    {
        var report = await _store.PruneAsync(new ImagePruneOptions { BuildCache = true }, context.RequestAborted);
        await context.JsonAsync(new CachePruned([], report.SpaceReclaimedBytes), WireJson.Default.CachePruned);
    }

    private async Task SaveAsync(HttpContext context, IReadOnlyList<string> names)
    {
        foreach (var name in names)
        {
            // What is not there has a status code only before the archive begins.
            await _store.GetAsync(name, context.RequestAborted);
        }

        context.Response.ContentType = "application/x-tar";
        await backend.Images.Saver.SaveAsync(names, context.Response.Body, ImageArchiveFormat.Docker, context.RequestAborted);
    }

    private async Task LoadAsync(HttpContext context)
    {
        await using var lines = new JsonLines(context);
        await lines.RunAsync(async () =>
        {
            foreach (var loaded in await backend.Images.Loader.LoadAsync(context.Request.Body, context.RequestAborted))
            {
                foreach (var name in loaded.Names)
                {
                    lines.Write(new ProgressMessage { Stream = $"Loaded image: {name.Familiar}\n" });
                }

                if (loaded.Names.Count == 0)
                {
                    lines.Write(new ProgressMessage { Stream = $"Loaded image ID: {loaded.Image.Id}\n" });
                }
            }
        });
    }

    private static IReadOnlyList<ImageDeletion> Deletions(IReadOnlyList<string> untagged, IReadOnlyList<Digest> deleted) =>
        [.. untagged.Select(name => new ImageDeletion { Untagged = name }),
            .. deleted.Select(id => new ImageDeletion { Deleted = id.ToString() })];

    private static (string Name, string Verb) Split(HttpContext context)
    {
        var rest = context.Request.RouteValues["rest"]?.ToString() ?? "";
        var slash = rest.LastIndexOf('/');
        return slash < 0 ? (rest, "") : (Uri.UnescapeDataString(rest[..slash]), rest[(slash + 1)..]);
    }
}
