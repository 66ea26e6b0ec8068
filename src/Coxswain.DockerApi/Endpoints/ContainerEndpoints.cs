using Coxswain.DockerApi.Hosting;
using Coxswain.DockerApi.Http;
using Coxswain.DockerApi.Mapping;
using Coxswain.DockerApi.Wire;
using Coxswain.Engine.Containers;
using Coxswain.Engine.Local;
using Coxswain.Linux.Processes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Coxswain.DockerApi.Endpoints;

/// <summary>Containers: made, started, ended, renamed, removed.</summary>
internal sealed class ContainerEndpoints(DockerBackend backend)
{
    public void Map(IEndpointRouteBuilder routes)
    {
        routes.MapPost("/containers/create", CreateAsync);
        routes.MapPost("/containers/prune", PruneAsync);
        routes.MapPost("/containers/{id}/start", StartAsync);
        routes.MapPost("/containers/{id}/stop", StopAsync);
        routes.MapPost("/containers/{id}/restart", context => DoneAsync(
            context, backend.Local.Containers.RestartAsync(Id(context), Grace(context), context.RequestAborted)));
        routes.MapPost("/containers/{id}/kill", context => DoneAsync(
            context, backend.Local.Containers.KillAsync(Id(context), Signal(context), context.RequestAborted)));
        routes.MapPost("/containers/{id}/pause", context => DoneAsync(
            context, backend.Local.Containers.PauseAsync(Id(context), context.RequestAborted)));
        routes.MapPost("/containers/{id}/unpause", context => DoneAsync(
            context, backend.Local.Containers.ResumeAsync(Id(context), context.RequestAborted)));
        routes.MapPost("/containers/{id}/rename", context => DoneAsync(
            context, backend.Local.Containers.RenameAsync(Id(context), context.Request.Text("name") ?? "", context.RequestAborted)));
        routes.MapPost("/containers/{id}/resize", ResizeAsync);
        routes.MapPost("/containers/{id}/update", UpdateAsync);
        routes.MapPost("/containers/{id}/wait", WaitAsync);
        routes.MapDelete("/containers/{id}", context => DoneAsync(
            context, backend.Local.Containers.RemoveAsync(Id(context), context.Request.Flag("force"), context.Request.Flag("v"), context.RequestAborted)));
    }

    public static string Id(HttpContext context) => context.Request.RouteValues["id"]?.ToString() ?? "";

    private static async Task DoneAsync(HttpContext context, Task work)
    {
        await work;
        context.Nothing();
    }

    private static TimeSpan? Grace(HttpContext context) => context.Request.Number("t") switch
    {
        null => null,
        < 0 => TimeSpan.MaxValue,
        var seconds => TimeSpan.FromSeconds(seconds.Value),
    };

    private static int Signal(HttpContext context) =>
        context.Request.Text("signal") is not { } text ? Signals.Kill
        : Signals.Parse(text) ?? throw ContainerMapping.Invalid($"Invalid signal: {text}");

    private async Task CreateAsync(HttpContext context)
    {
        var request = await context.Request.BodyAsync(WireJson.Default.CreateRequest);
        var reference = request.Image is { Length: > 0 } named ? named : throw ContainerMapping.Invalid("no image is named");
        var image = await backend.Images.Store.FindAsync(reference, context.RequestAborted)
            ?? throw new LocalException(LocalErrorKind.NotFound, $"No such image: {reference}{(reference.Contains(':', StringComparison.Ordinal) ? "" : ":latest")}");
        var name = context.Request.Text("name")?.TrimStart('/');
        LocalContainer? made = null;
        for (var attempt = 0; made is null; attempt++)
        {
            var spec = ContainerMapping.ToSpec(name ?? NameChoice.Next(), request, image, backend.Local.Containers.Inspect);
            try
            {
                made = await backend.Local.Containers.CreateAsync(spec, context.RequestAborted);
            }
            catch (LocalException exception) when (name is null && exception.Kind == LocalErrorKind.Conflict && attempt < NameChoice.MostAttempts)
            {
                // Another one of that name; there are plenty more.
            }
        }

        await context.JsonAsync(
            new IdAnswer(made.Id) { Warnings = ContainerMapping.Warnings(request.HostConfig) }, WireJson.Default.IdAnswer, StatusCodes.Status201Created);
    }

    private async Task StartAsync(HttpContext context) => context.Nothing(
        await backend.Local.Containers.StartAsync(Id(context), context.RequestAborted)
            ? StatusCodes.Status204NoContent
            : StatusCodes.Status304NotModified);

    private async Task StopAsync(HttpContext context) => context.Nothing(
        await backend.Local.Containers.StopAsync(Id(context), Grace(context), context.RequestAborted)
            ? StatusCodes.Status204NoContent
            : StatusCodes.Status304NotModified);

    private async Task ResizeAsync(HttpContext context)
    {
        var size = new TerminalSize((ushort)(context.Request.Number("w") ?? 0), (ushort)(context.Request.Number("h") ?? 0));
        await backend.Engine.Containers.ResizeAsync(backend.Local.Containers.Inspect(Id(context)).Id, size, context.RequestAborted);
        context.Nothing(StatusCodes.Status200OK);
    }

    private async Task UpdateAsync(HttpContext context)
    {
        var request = await context.Request.BodyAsync(WireJson.Default.HostSettings);
        var document = ContainerMapping.Document(backend.Local.Containers.Inspect(Id(context)));
        var host = document.HostConfig with
        {
            Memory = request.Memory > 0 ? request.Memory : document.HostConfig.Memory,
            MemorySwap = request.MemorySwap != 0 ? request.MemorySwap : document.HostConfig.MemorySwap,
            NanoCpus = request.NanoCpus > 0 ? request.NanoCpus : document.HostConfig.NanoCpus,
            CpuShares = request.CpuShares > 0 ? request.CpuShares : document.HostConfig.CpuShares,
            CpuQuota = request.CpuQuota > 0 ? request.CpuQuota : document.HostConfig.CpuQuota,
            CpuPeriod = request.CpuPeriod > 0 ? request.CpuPeriod : document.HostConfig.CpuPeriod,
            CpusetCpus = request.CpusetCpus is { Length: > 0 } processors ? processors : document.HostConfig.CpusetCpus,
            PidsLimit = request.PidsLimit ?? document.HostConfig.PidsLimit,
            RestartPolicy = request.RestartPolicy is { Name.Length: > 0 } policy ? policy : document.HostConfig.RestartPolicy,
        };
        var limits = ProcessMapping.Limits(host);
        await backend.Local.Containers.UpdateAsync(
            Id(context),
            limits == ProcessMapping.Limits(document.HostConfig) ? null : limits,
            request.RestartPolicy is { Name.Length: > 0 } ? ContainerMapping.RestartOf(request.RestartPolicy) : null,
            ContainerMapping.Document(document.Config, host), context.RequestAborted);
        await context.JsonAsync(new UpdateAnswer([]), WireJson.Default.UpdateAnswer);
    }

    /// <summary>The answer begins at once: clients start the container only when they know that it is waited for.</summary>
    private async Task WaitAsync(HttpContext context)
    {
        var condition = context.Request.Text("condition") switch
        {
            null or "not-running" => ContainerWaitCondition.NotRunning,
            "next-exit" => ContainerWaitCondition.NextExit,
            "removed" => ContainerWaitCondition.Removed,
            var other => throw ContainerMapping.Invalid($"invalid condition: \"{other}\""),
        };
        var id = backend.Local.Containers.Inspect(Id(context)).Id;
        var waiting = backend.Engine.Containers.WaitAsync(id, context.RequestAborted, condition);
        context.Response.ContentType = "application/json";
        await context.Response.StartAsync(context.RequestAborted);
        await context.Response.Body.FlushAsync(context.RequestAborted);
        WaitAnswer answer;
        try
        {
            answer = new WaitAnswer((await waiting).Code);
        }
        catch (ContainerNotFoundException)
        {
            // Removed before it ever ran.
            answer = new WaitAnswer(0);
        }

        await context.Response.Body.WriteAsync(
            System.Text.Json.JsonSerializer.SerializeToUtf8Bytes(answer, WireJson.Default.WaitAnswer), context.RequestAborted);
    }

    private async Task PruneAsync(HttpContext context)
    {
        var filters = Filters.Of(context.Request);
        filters.Check("label", "label!", "until");
        var removed = new List<string>();
        long bytes = 0;
        foreach (var container in backend.Local.Containers.List().Where(container =>
            !container.IsRunning && !container.Restarting && filters.Labels(container.Spec.Process.Labels)))
        {
            var size = backend.Local.Files.SizeOf(container);
            try
            {
                await backend.Local.Containers.RemoveAsync(container.Id, force: false, volumes: false, context.RequestAborted);
            }
            catch (LocalException exception) when (exception.Kind is LocalErrorKind.NotFound or LocalErrorKind.Conflict)
            {
                continue;
            }

            removed.Add(container.Id);
            bytes += size;
        }

        await context.JsonAsync(new ContainersPruned(removed, bytes), WireJson.Default.ContainersPruned);
    }
}
