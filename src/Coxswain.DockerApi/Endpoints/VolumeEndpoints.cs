using Coxswain.DockerApi.Hosting;
using Coxswain.DockerApi.Http;
using Coxswain.DockerApi.Mapping;
using Coxswain.DockerApi.Wire;
using Coxswain.Engine.Local;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Coxswain.DockerApi.Endpoints;

/// <summary>Volumes: list, create, inspect, remove.</summary>
internal sealed class VolumeEndpoints(DockerBackend backend)
{
    public void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/volumes", ListAsync);
        routes.MapPost("/volumes/create", CreateAsync);
        routes.MapPost("/volumes/prune", PruneAsync);
        routes.MapGet("/volumes/{id}", context => context.JsonAsync(
            Answer(backend.Local.Volumes.Get(ContainerEndpoints.Id(context))), WireJson.Default.VolumeAnswer));
        routes.MapDelete("/volumes/{id}", context =>
        {
            backend.Local.Volumes.Remove(ContainerEndpoints.Id(context), context.Request.Flag("force"));
            context.Nothing();
            return Task.CompletedTask;
        });
    }

    public VolumeAnswer Answer(LocalVolume volume, bool usage = false) => new()
    {
        Name = volume.Name,
        Mountpoint = backend.Local.Volumes.DataOf(volume.Name),
        CreatedAt = ContainerView.Time(volume.CreatedAt),
        Labels = new SortedDictionary<string, string>(volume.Labels.ToDictionary(), StringComparer.Ordinal),
        UsageData = usage
            ? new VolumeUsage(backend.Local.Volumes.SizeOf(volume.Name), backend.Local.Containers.UsersOf(volume.Name).Count)
            : null,
    };

    private async Task ListAsync(HttpContext context)
    {
        var filters = Filters.Of(context.Request);
        filters.Check("name", "label", "label!", "driver", "dangling");
        var found = backend.Local.Volumes.List().Where(volume =>
            filters.Any("name", name => volume.Name.Contains(name, StringComparison.Ordinal))
            && filters.Any("driver", driver => driver == "local")
            && (filters.Flag("dangling") is not { } dangling || dangling == (backend.Local.Containers.UsersOf(volume.Name).Count == 0))
            && filters.Labels(volume.Labels));
        await context.JsonAsync(new VolumesAnswer([.. found.Select(volume => Answer(volume))], []), WireJson.Default.VolumesAnswer);
    }

    private async Task CreateAsync(HttpContext context)
    {
        var request = await context.Request.OptionalBodyAsync(WireJson.Default.VolumeRequest) ?? new VolumeRequest();
        if (request.Driver is not (null or "" or "local"))
        {
            throw new LocalException(
                LocalErrorKind.NotFound, $"create {request.Name}: error looking up volume plugin {request.Driver}: plugin \"{request.Driver}\" not found");
        }

        var volume = backend.Local.Volumes.Create(request.Name, request.Labels, request.DriverOpts);
        await context.JsonAsync(Answer(volume), WireJson.Default.VolumeAnswer, StatusCodes.Status201Created);
    }

    /// <summary>Clients before 1.42 mean all unused volumes, later ones only those without a name, unless they say so.</summary>
    private async Task PruneAsync(HttpContext context)
    {
        var filters = Filters.Of(context.Request);
        filters.Check("label", "label!", "all");
        var all = filters.Flag("all") ?? ApiVersion.Of(context) < new Version(1, 42);
        var (names, bytes) = backend.Local.Volumes.Prune(all, volume => filters.Labels(volume.Labels));
        await context.JsonAsync(new VolumesPruned(names, bytes), WireJson.Default.VolumesPruned);
    }
}
