using Coxswain.DockerApi.Endpoints;
using Coxswain.DockerApi.Http;
using Coxswain.DockerApi.Wire;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Coxswain.DockerApi.Hosting;

/// <summary>Serves Docker's Engine API on a Unix socket. Whoever may open the socket is root on this machine in all but name.</summary>
public sealed partial class DockerServer(DockerBackend backend, ILoggerFactory loggers)
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    private readonly ILogger _logger = loggers.CreateLogger<DockerServer>();

    /// <summary>Serves until cancelled; what is under way is cancelled with it, and containers go on.</summary>
    public async Task RunAsync(string socketPath, CancellationToken cancellationToken)
    {
        File.Delete(socketPath);
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().UseShutdownTimeout(TimeSpan.FromSeconds(1));
        builder.Services.AddSingleton<IHostLifetime, NoLifetime>();
        builder.Services.AddSingleton<IConnectionListenerFactory, HijackListenerFactory>();
        builder.Services.AddRoutingCore();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.ListenUnixSocket(socketPath);
            kestrel.AddServerHeader = false;
            kestrel.AllowSynchronousIO = true; // Archives are read and written by code that does not wait.
            kestrel.Limits.MaxRequestBodySize = null; // An image of any size.
            kestrel.Limits.MinRequestBodyDataRate = null;
            kestrel.Limits.MinResponseDataRate = null;
        });
        await using var web = builder.Build();
        web.Use((context, next) => HandleAsync(context, next, cancellationToken));
        web.UseRouting();
        Map(web);
        web.UseEndpoints(_ => { });
        web.Run(context => context.JsonAsync(new ErrorMessage("page not found"), WireJson.Default.ErrorMessage, StatusCodes.Status404NotFound));
        await web.StartAsync(cancellationToken);
        File.SetUnixFileMode(socketPath, OwnerOnly);
        try
        {
            await Task.Delay(Timeout.InfiniteTimeSpan, backend.Time, cancellationToken);
        }
        finally
        {
            await web.StopAsync(CancellationToken.None);
            File.Delete(socketPath);
        }
    }

    private void Map(IEndpointRouteBuilder routes)
    {
        new SystemEndpoints(backend).Map(routes);
        new TransferEndpoints(backend).Map(routes);
        new ImageEndpoints(backend).Map(routes);
        new BuildEndpoints(backend).Map(routes);
        new ContainerEndpoints(backend).Map(routes);
        new ContainerViews(backend).Map(routes);
        new StreamEndpoints(backend).Map(routes);
        new ArchiveEndpoints(backend).Map(routes);
        new StatsEndpoint(backend).Map(routes);
        new NetworkEndpoints(backend).Map(routes);
        new VolumeEndpoints(backend).Map(routes);
    }

    private async Task HandleAsync(HttpContext context, RequestDelegate next, CancellationToken stopping)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, stopping);
        context.RequestAborted = either.Token;
        try
        {
            if (await ApiVersion.ReadAsync(context))
            {
                await next(context);
            }
        }
        catch (Exception) when (either.IsCancellationRequested)
        {
            // Nobody waits for an answer any more.
        }
        catch (Exception exception)
        {
            if (Answers.Describe(exception) is { Status: >= 500 and not 501 })
            {
                Log.RequestFailed(_logger, exception, context.Request.Method, context.Request.Path);
            }

            if (!context.Response.HasStarted)
            {
                await context.ErrorAsync(exception);
            }
        }
    }

    /// <summary>The process's signals are the cluster server's to handle.</summary>
    private sealed class NoLifetime : IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Error, "{Method} {Path} of Docker's API failed")]
        public static partial void RequestFailed(ILogger logger, Exception exception, string method, string path);
    }
}
