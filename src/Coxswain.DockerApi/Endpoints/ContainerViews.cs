using Coxswain.DockerApi.Hosting;
using Coxswain.DockerApi.Http;
using Coxswain.DockerApi.Mapping;
using Coxswain.DockerApi.Wire;
using Coxswain.Engine.Images;
using Coxswain.Engine.Local;
using Coxswain.Engine.Local.Lifecycle;
using Coxswain.Linux.Processes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Coxswain.DockerApi.Endpoints;

/// <summary>Containers looked at: listed, inspected, their processes, changes, and what is made of them.</summary>
internal sealed class ContainerViews(DockerBackend backend)
{
    private readonly ContainerView _view = new(backend.Local.Networks.Find, backend.Time);

    public void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/containers/json", ListAsync);
        routes.MapGet("/containers/{id}/json", InspectAsync);
        routes.MapGet("/containers/{id}/top", TopAsync);
        routes.MapGet("/containers/{id}/changes", ChangesAsync);
        routes.MapGet("/containers/{id}/export", ExportAsync);
        routes.MapPost("/commit", CommitAsync);
    }

    private async Task ListAsync(HttpContext context)
    {
        var filters = Filters.Of(context.Request);
        filters.Check(
            "id", "name", "label", "label!", "status", "exited", "ancestor", "before", "since", "volume", "network", "publish", "expose", "health",
            "is-task", "isolation");
        var containers = backend.Local.Containers;
        var limit = context.Request.Number("limit") is > 0 and var most ? (int)most : int.MaxValue;
        var all = context.Request.Flag("all") || filters.Has("status") || filters.Has("exited") || limit != int.MaxValue
            || filters.Has("before") || filters.Has("since");
        var before = filters.Has("before") ? containers.Inspect(filters["before"][0]).Status.CreatedAt : (DateTimeOffset?)null;
        var since = filters.Has("since") ? containers.Inspect(filters["since"][0]).Status.CreatedAt : (DateTimeOffset?)null;
        var ancestors = new HashSet<string>(StringComparer.Ordinal);
        foreach (var ancestor in filters["ancestor"])
        {
            ancestors.Add((await backend.Images.Store.FindAsync(ancestor, context.RequestAborted))?.Id.ToString() ?? ancestor);
        }

        var sizes = context.Request.Flag("size");
        var found = containers.List()
            .Where(container => (all || container.IsRunning || container.Restarting)
                && (before is null || container.Status.CreatedAt < before) && (since is null || container.Status.CreatedAt > since)
                && (ancestors.Count == 0 || ancestors.Contains(container.Spec.ImageId))
                && Passes(filters, container))
            .Take(limit)
            .Select(container => _view.Summary(container, sizes ? backend.Local.Files.SizeOf(container) : null, sizes ? 0 : null));
        await context.JsonAsync<IReadOnlyList<ContainerSummary>>([.. found], WireJson.Default.IReadOnlyListContainerSummary);
    }

    private bool Passes(Filters filters, LocalContainer container) =>
        filters.Any("id", id => container.Id.StartsWith(id, StringComparison.Ordinal))
        && filters.Any("name", name => Matches(container.Spec.Name, name))
        && filters.Labels(container.Spec.Process.Labels)
        && filters.Any("status", status => ContainerView.State(container) == status)
        && filters.Any("exited", code => container.Status.Exit is { } exit && exit.Code.ToString() == code && !container.IsRunning)
        && filters.Any("volume", volume => container.Volumes.Any(mounted => mounted.Name == volume || mounted.Target == volume)
            || container.Spec.Process.Mounts.Any(mount => mount.Source == volume || mount.Target == volume))
        && filters.Any("network", network => container.Endpoints.Any(endpoint => endpoint.NetworkName == network || endpoint.NetworkId.StartsWith(network, StringComparison.Ordinal)))
        && filters.Any("publish", port => container.Ports.Any(known => port == $"{known.Port}/{known.Protocol}" || port == known.Port.ToString() || port == known.HostPort.ToString()))
        && filters.Any("health", health => (container.Health?.Status.ToString().ToLowerInvariant() ?? "none") == health);

    /// <summary>Docker's names begin with a slash there, and the filter is a regular expression; nearly all are plain words.</summary>
    private static bool Matches(string name, string pattern)
    {
        try
        {
            return System.Text.RegularExpressions.Regex.IsMatch(
                    name, pattern, System.Text.RegularExpressions.RegexOptions.None, TimeSpan.FromMilliseconds(100))
                || System.Text.RegularExpressions.Regex.IsMatch(
                    "/" + name, pattern, System.Text.RegularExpressions.RegexOptions.None, TimeSpan.FromMilliseconds(100));
        }
        catch (ArgumentException exception)
        {
            throw new LocalException(LocalErrorKind.Invalid, $"invalid filter 'name={pattern}'", exception);
        }
    }

    private async Task InspectAsync(HttpContext context)
    {
        var container = backend.Local.Containers.Inspect(ContainerEndpoints.Id(context));
        var snapshot = backend.Engine.Snapshots.Find(container.Id);
        var driver = new DriverData("overlay2", snapshot is null ? [] : new SortedDictionary<string, string>
        {
            ["MergedDir"] = snapshot.RootDirectory,
            ["UpperDir"] = snapshot.UpperDirectory,
            ["LowerDir"] = string.Join(':', snapshot.LayerDirectories),
        });
        var size = context.Request.Flag("size") ? backend.Local.Files.SizeOf(container) : (long?)null;
        var image = size is null ? null : await backend.Images.Store.FindAsync(container.Spec.ImageId, context.RequestAborted);
        await context.JsonAsync(
            _view.Details(container, backend.Engine.Containers.ListExecs(container.Id), driver, size, size + image?.SizeBytes),
            WireJson.Default.ContainerDetails);
    }

    /// <summary>As Docker: the machine's own ps, of which the lines of the container's processes are kept.</summary>
    private async Task TopAsync(HttpContext context)
    {
        var container = backend.Local.Containers.Inspect(ContainerEndpoints.Id(context));
        if (!container.IsRunning)
        {
            throw new LocalException(LocalErrorKind.Conflict, $"container {container.Id} is not running");
        }

        var arguments = (context.Request.Text("ps_args") ?? "-ef").Split(' ', StringSplitOptions.RemoveEmptyEntries);
        var result = await backend.Engine.Processes.RunAsync(new ProcessSpec("ps", arguments), context.RequestAborted);
        var lines = result.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        var titles = lines[0].Split(' ', StringSplitOptions.RemoveEmptyEntries);
        var column = Array.IndexOf(titles, "PID");
        if (column < 0)
        {
            throw ContainerMapping.Invalid("couldn't find PID field in ps output");
        }

        var pids = backend.Engine.Cgroups.ListProcesses(container.Status.CgroupPath).ToHashSet();
        var processes = lines.Skip(1).Select(line => line.Split(' ', titles.Length, StringSplitOptions.RemoveEmptyEntries))
            .Where(fields => fields.Length > column && int.TryParse(fields[column], out var pid) && pids.Contains(pid));
        await context.JsonAsync(new TopAnswer(titles, [.. processes]), WireJson.Default.TopAnswer);
    }

    private async Task ChangesAsync(HttpContext context)
    {
        var changes = await backend.Local.Files.DiffAsync(ContainerEndpoints.Id(context), context.RequestAborted);
        await context.JsonAsync<IReadOnlyList<ChangeAnswer>>(
            [.. changes.Select(change => new ChangeAnswer(change.Path, change.Kind switch
            {
                LocalChangeKind.Modified => 0,
                LocalChangeKind.Added => 1,
                _ => 2,
            }))],
            WireJson.Default.IReadOnlyListChangeAnswer);
    }

    private async Task ExportAsync(HttpContext context)
    {
        backend.Local.Containers.Inspect(ContainerEndpoints.Id(context));
        context.Response.ContentType = "application/x-tar";
        await backend.Local.Files.ExportAsync(ContainerEndpoints.Id(context), context.Response.Body, context.RequestAborted);
    }

    private async Task CommitAsync(HttpContext context)
    {
        var request = context.Request;
        var container = backend.Local.Containers.Inspect(request.Text("container") ?? "");
        var changed = await request.OptionalBodyAsync(WireJson.Default.ContainerSettings);
        var settings = ContainerMapping.Document(container).Config;
        var parent = await backend.Images.Store.GetAsync(container.Spec.ImageId, context.RequestAborted);
        var config = parent.Config with
        {
            User = changed?.User is { Length: > 0 } user ? user : settings.User,
            Env = changed?.Env ?? settings.Env,
            Cmd = changed?.Cmd ?? settings.Cmd,
            Entrypoint = changed?.Entrypoint ?? settings.Entrypoint,
            WorkingDir = changed?.WorkingDir is { Length: > 0 } directory ? directory : settings.WorkingDir,
            ExposedPorts = changed?.ExposedPorts ?? settings.ExposedPorts,
            Volumes = changed?.Volumes ?? settings.Volumes,
            Labels = changed?.Labels is { Count: > 0 } labels ? labels : settings.Labels,
            StopSignal = settings.StopSignal,
            Healthcheck = changed?.Healthcheck ?? settings.Healthcheck,
        };
        var pause = request.Flag("pause", otherwise: true) && container is { IsRunning: true, Status.Paused: false };
        if (pause)
        {
            await backend.Local.Containers.PauseAsync(container.Id, context.RequestAborted);
        }

        try
        {
            var repository = request.Text("repo");
            var name = repository is null ? null : request.Text("tag") is { } tag ? $"{repository}:{tag}" : repository;
            var image = await backend.Local.Files.CommitAsync(
                container.Id, ConfigChanges.Apply(config, request.Query["changes"].OfType<string>().Where(change => change.Length > 0).ToArray()),
                request.Text("author") ?? "", request.Text("comment") ?? "",
                name is null ? null : ImageReference.Parse(name).ToString(), context.RequestAborted);
            await context.JsonAsync(new IdAnswer(image.Id.ToString()), WireJson.Default.IdAnswer, StatusCodes.Status201Created);
        }
        finally
        {
            if (pause)
            {
                await backend.Local.Containers.ResumeAsync(container.Id, CancellationToken.None);
            }
        }
    }
}
