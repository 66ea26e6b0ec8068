using System.Buffers;
using Coxswain.DockerApi.Hosting;
using Coxswain.DockerApi.Http;
using Coxswain.DockerApi.Mapping;
using Coxswain.DockerApi.Wire;
using Coxswain.Engine;
using Coxswain.Engine.Containers;
using Coxswain.Engine.Local;
using Coxswain.Engine.Logs;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Coxswain.DockerApi.Endpoints;

/// <summary>Streams of containers: attach, logs, exec.</summary>
internal sealed class StreamEndpoints(DockerBackend backend)
{
    private readonly IContainers _containers = backend.Engine.Containers;

    public void Map(IEndpointRouteBuilder routes)
    {
        routes.MapPost("/containers/{id}/attach", AttachAsync);
        routes.MapGet("/containers/{id}/logs", LogsAsync);
        routes.MapPost("/containers/{id}/exec", CreateExecAsync);
        routes.MapPost("/exec/{id}/start", StartExecAsync);
        routes.MapPost("/exec/{id}/resize", ResizeExecAsync);
        routes.MapGet("/exec/{id}/json", InspectExecAsync);
    }

    private async Task AttachAsync(HttpContext context)
    {
        var request = context.Request;
        var container = backend.Local.Containers.Inspect(ContainerEndpoints.Id(context));
        if (container.Status.Paused)
        {
            throw new LocalException(LocalErrorKind.Conflict, $"container {container.Id} is paused, unpause the container before attach");
        }

        var terminal = container.Spec.Process.Terminal;
        var keys = new DetachKeys(request.Text("detachKeys"));
        var attach = request.Flag("stream") ? await _containers.AttachAsync(container.Id, context.RequestAborted) : null;
        await using (attach)
        {
            var stream = await RawStreams.HijackAsync(context, terminal);
            if (request.Flag("logs"))
            {
                await _containers.ReadLogAsync(
                    container.Id, new LogOptions { Stdout = request.Flag("stdout"), Stderr = request.Flag("stderr") },
                    new FramedLogFormat(terminal, timestamps: false), stream, context.RequestAborted);
            }

            if (attach is null)
            {
                return;
            }

            using var detach = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted);
            var input = request.Flag("stdin") && container.Spec.Process.Stdin
                ? CopyInputAsync(stream, attach, terminal ? keys : null, detach)
                : Task.CompletedTask;
            try
            {
                await CopyOutputAsync(attach, stream, terminal, request.Flag("stdout"), request.Flag("stderr"), detach.Token);
            }
            catch (Exception exception) when (exception is OperationCanceledException or IOException)
            {
                // The client has let go, or has gone.
            }

            await detach.CancelAsync();
            await input;
        }
    }

    private static async Task CopyOutputAsync(
        IContainerAttach attach, Stream target, bool terminal, bool output, bool error, CancellationToken cancellationToken)
    {
        while (await attach.ReadAsync(cancellationToken) is { } piece)
        {
            if (piece.IsError && !terminal ? error : output)
            {
                await RawStreams.WriteAsync(target, terminal, piece.IsError, piece.Data, cancellationToken);
            }
        }
    }

    private static async Task CopyInputAsync(Stream source, IContainerAttach attach, DetachKeys? keys, CancellationTokenSource detach)
    {
        var buffer = new byte[32 * 1024];
        try
        {
            int count;
            while ((count = await source.ReadAsync(buffer, detach.Token)) > 0)
            {
                var detached = false;
                ReadOnlyMemory<byte> data = keys is null ? buffer.AsMemory(0, count) : keys.Pass(buffer.AsSpan(0, count), out detached);
                await attach.WriteAsync(data, detach.Token);
                if (detached)
                {
                    await detach.CancelAsync();
                    return;
                }
            }

            await attach.CloseInputAsync(detach.Token);
        }
        catch (Exception exception) when (exception is OperationCanceledException or IOException or EngineException or System.Net.Sockets.SocketException)
        {
            // The container has ended, or the client has gone: the other direction says so.
        }
    }

    private async Task LogsAsync(HttpContext context)
    {
        var request = context.Request;
        var container = backend.Local.Containers.Inspect(ContainerEndpoints.Id(context));
        var (output, error) = (request.Flag("stdout"), request.Flag("stderr"));
        if (!output && !error)
        {
            throw ContainerMapping.Invalid("Bad parameters: you must choose at least one stream");
        }

        var terminal = container.Spec.Process.Terminal;
        var tail = request.Text("tail") is { } text && text != "all" && long.TryParse(text, out var lines) && lines >= 0 ? lines : (long?)null;
        context.Response.ContentType = RawStreams.ContentType(context, terminal);
        await context.Response.StartAsync(context.RequestAborted);
        await context.Response.Body.FlushAsync(context.RequestAborted);
        await _containers.ReadLogAsync(
            container.Id,
            new LogOptions
            {
                Follow = request.Flag("follow"),
                Stdout = output,
                Stderr = error,
                TailLines = tail,
                Since = request.Time("since"),
                Until = request.Time("until"),
            },
            new FramedLogFormat(terminal, request.Flag("timestamps")), context.Response.Body, context.RequestAborted);
    }

    private async Task CreateExecAsync(HttpContext context)
    {
        var container = backend.Local.Containers.Inspect(ContainerEndpoints.Id(context));
        var request = await context.Request.BodyAsync(WireJson.Default.ExecRequest);
        if (request.Cmd is not { Count: > 0 } command)
        {
            throw ContainerMapping.Invalid("No exec command specified");
        }

        if (!container.IsRunning || container.Status.Paused)
        {
            throw new LocalException(
                LocalErrorKind.Conflict,
                container.Status.Paused ? $"container {container.Id} is paused, unpause the container before exec" : $"container {container.Id} is not running");
        }

        var exec = _containers.CreateExec(container.Id, new ExecSpec
        {
            Args = command,
            Env = request.Env ?? [],
            WorkingDirectory = request.WorkingDir is { Length: > 0 } directory ? directory : null,
            User = request.User is { Length: > 0 } user ? user : null,
            Stdin = request.AttachStdin,
            Terminal = request.Tty,
            Privileged = request.Privileged,
            Size = Size(request.ConsoleSize),
            Detached = !request.AttachStdin && !request.AttachStdout && !request.AttachStderr && !request.Tty,
        });
        await context.JsonAsync(new IdAnswer(exec.Id), WireJson.Default.IdAnswer, StatusCodes.Status201Created);
    }

    private async Task StartExecAsync(HttpContext context)
    {
        var id = ContainerEndpoints.Id(context);
        var request = await context.Request.OptionalBodyAsync(WireJson.Default.ExecStartRequest) ?? new ExecStartRequest();
        var status = _containers.InspectExec(id) ?? throw new LocalException(LocalErrorKind.NotFound, $"No such exec instance: {id}");
        if (request.Detach || status.Spec.Detached)
        {
            await StartDetachedAsync(id, status);
            context.Nothing(StatusCodes.Status200OK);
            return;
        }

        await using var exec = await _containers.StartExecAsync(id, context.RequestAborted);
        if (Size(request.ConsoleSize) is { } size)
        {
            await exec.ResizeAsync(size, context.RequestAborted);
        }

        var terminal = status.Spec.Terminal;
        var stream = await RawStreams.HijackAsync(context, terminal);
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted);
        using var turn = new SemaphoreSlim(1, 1);
        var input = exec.Input is { } target ? CopyInputAsync(stream, target, ended.Token) : Task.CompletedTask;
        try
        {
            await Task.WhenAll(
                RawStreams.CopyAsync(exec.Output, stream, terminal, isError: false, turn, ended.Token),
                exec.Error is { } error ? RawStreams.CopyAsync(error, stream, terminal, isError: true, turn, ended.Token) : Task.CompletedTask);
            await exec.Exited.WaitAsync(ended.Token);
        }
        catch (IOException)
        {
            // The client has gone; what it started goes with it.
        }

        await ended.CancelAsync();
        await input;
    }

    /// <summary>Nobody listens: what it writes is read and dropped, so that it never waits for a reader.</summary>
    private async Task StartDetachedAsync(string id, ExecStatus status)
    {
        var exec = await _containers.StartExecAsync(id, CancellationToken.None);
        if (status.Spec.Detached)
        {
            await exec.DisposeAsync();
            return;
        }

        backend.Background.Add(async cancellationToken =>
        {
            await using (exec)
            {
                await Task.WhenAll(
                    exec.Output.CopyToAsync(Stream.Null, cancellationToken), (exec.Error ?? Stream.Null).CopyToAsync(Stream.Null, cancellationToken));
                await exec.Exited.WaitAsync(cancellationToken);
            }
        });
    }

    private static async Task CopyInputAsync(Stream source, Stream target, CancellationToken cancellationToken)
    {
        try
        {
            await source.CopyToAsync(target, cancellationToken);
            await target.DisposeAsync();
        }
        catch (Exception exception) when (exception is OperationCanceledException or IOException or ObjectDisposedException)
        {
            // It has ended, or no longer reads.
        }
    }

    private async Task ResizeExecAsync(HttpContext context)
    {
        var size = new TerminalSize((ushort)(context.Request.Number("w") ?? 0), (ushort)(context.Request.Number("h") ?? 0));
        await _containers.ResizeExecAsync(ContainerEndpoints.Id(context), size, context.RequestAborted);
        context.Nothing(StatusCodes.Status200OK);
    }

    private async Task InspectExecAsync(HttpContext context)
    {
        var id = ContainerEndpoints.Id(context);
        var status = _containers.InspectExec(id) ?? throw new LocalException(LocalErrorKind.NotFound, $"No such exec instance: {id}");
        await context.JsonAsync(
            new ExecDetails
            {
                Id = id,
                Running = status.State == ExecState.Running,
                ExitCode = status.ExitCode,
                OpenStdin = status.Spec.Stdin,
                ContainerId = status.ContainerId,
                Pid = status.Pid,
                ProcessConfig = new ExecProcess
                {
                    Tty = status.Spec.Terminal,
                    Entrypoint = status.Spec.Args[0],
                    Arguments = [.. status.Spec.Args.Skip(1)],
                    Privileged = status.Spec.Privileged,
                    User = status.Spec.User,
                },
            },
            WireJson.Default.ExecDetails);
    }

    private static TerminalSize? Size(IReadOnlyList<int>? rowsAndColumns) =>
        rowsAndColumns is [> 0 and <= ushort.MaxValue and var rows, > 0 and <= ushort.MaxValue and var columns]
            ? new TerminalSize((ushort)columns, (ushort)rows)
            : null;

    /// <summary>Lines of a log as Docker's raw stream has them.</summary>
    private sealed class FramedLogFormat(bool terminal, bool timestamps) : ILogFormat
    {
        private readonly PlainLogFormat _plain = new(timestamps);
        private readonly ArrayBufferWriter<byte> _line = new();

        public void Write(in CriLogLine line, bool begins, IBufferWriter<byte> output)
        {
            if (terminal)
            {
                _plain.Write(line, begins, output);
                return;
            }

            const int HeaderBytes = 8;
            _line.ResetWrittenCount();
            _plain.Write(line, begins, _line);
            RawStreams.Header(output.GetSpan(HeaderBytes), line.IsError, _line.WrittenCount);
            output.Advance(HeaderBytes);
            output.Write(_line.WrittenSpan);
        }
    }
}
