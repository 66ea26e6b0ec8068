using System.Text.Json;
using Coxswain.DockerApi.Hosting;
using Coxswain.DockerApi.Http;
using Coxswain.DockerApi.Mapping;
using Coxswain.DockerApi.Wire;
using Coxswain.Engine.Local;
using Coxswain.Linux.Files;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Coxswain.DockerApi.Endpoints;

/// <summary><c>docker cp</c>: files of a container as archives, both ways.</summary>
internal sealed class ArchiveEndpoints(DockerBackend backend)
{
    private const string StatHeader = "X-Docker-Container-Path-Stat";

    public void Map(IEndpointRouteBuilder routes)
    {
        routes.MapMethods("/containers/{id}/archive", [HttpMethods.Head], async context => await StatAsync(context));
        routes.MapGet("/containers/{id}/archive", GetAsync);
        routes.MapPut("/containers/{id}/archive", PutAsync);
    }

    private static string Path(HttpContext context) =>
        context.Request.Text("path") ?? throw ContainerMapping.Invalid("bad parameter: path cannot be empty");

    private async Task StatAsync(HttpContext context)
    {
        var id = ContainerEndpoints.Id(context);
        var (name, status) = await backend.Local.Files.StatAsync(id, Path(context), context.RequestAborted)
            ?? throw new LocalException(LocalErrorKind.NotFound, $"Could not find the file {Path(context)} in container {id}");
        var stat = new PathStat
        {
            Name = name,
            Size = status.Size,
            Mode = GoMode(status),
            ModifiedAt = ContainerView.Time(DateTimeOffset.FromUnixTimeSeconds(status.ModifiedSeconds)),
            LinkTarget = "",
        };
        context.Response.Headers[StatHeader] = Convert.ToBase64String(JsonSerializer.SerializeToUtf8Bytes(stat, WireJson.Default.PathStat));
    }

    private async Task GetAsync(HttpContext context)
    {
        await StatAsync(context);
        context.Response.ContentType = "application/x-tar";
        await backend.Local.Files.ReadArchiveAsync(ContainerEndpoints.Id(context), Path(context), context.Response.Body, context.RequestAborted);
    }

    private async Task PutAsync(HttpContext context)
    {
        await backend.Local.Files.WriteArchiveAsync(ContainerEndpoints.Id(context), Path(context), context.Request.Body, context.RequestAborted);
        context.Nothing(StatusCodes.Status200OK);
    }

    private static uint GoMode(FileStatus status)
    {
        const uint Directory = 1u << 31, SymbolicLink = 1u << 27, Device = 1u << 26, NamedPipe = 1u << 25, Socket = 1u << 24;
        const uint SetUser = 1u << 23, SetGroup = 1u << 22, CharacterDevice = 1u << 21, Sticky = 1u << 20;
        return (status.Permissions & 0x1FF)
            | (status.IsDirectory ? Directory : status.IsSymbolicLink ? SymbolicLink : status.IsFifo ? NamedPipe : status.IsSocket ? Socket
                : status.IsBlockDevice ? Device : status.IsCharacterDevice ? Device | CharacterDevice : 0)
            | ((status.Permissions & 0x800) != 0 ? SetUser : 0) | ((status.Permissions & 0x400) != 0 ? SetGroup : 0)
            | ((status.Permissions & 0x200) != 0 ? Sticky : 0);
    }
}
