using System.Net.Sockets;
using Coxswain.Api.Core.V1;
using Coxswain.Node.Runtime;

namespace Coxswain.Node.Probes;

/// <summary>Runs one probe once. Shared by all containers of the node.</summary>
internal sealed class Prober(IPodRuntime runtime, TimeProvider time) : IDisposable
{
    private readonly HttpProber _http = new();
    private readonly GrpcProber _grpc = new();

    /// <exception cref="OperationCanceledException">Only by the caller's token; its own timeout is a failure.</exception>
    public async Task<ProbeResult> ProbeAsync(Probe probe, ProbeTarget target, CancellationToken cancellationToken)
    {
        using var timeout = new CancellationTokenSource(TimeSpan.FromSeconds(Math.Max(1, probe.TimeoutSeconds)), time);
        using var linked = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellationToken);
        try
        {
            return probe switch
            {
                { Exec: { } exec } => await ExecAsync(exec.Command, target, linked.Token),
                { HttpGet: { } get } => await _http.GetAsync(get, target, linked.Token),
                { TcpSocket: { } tcp } => await ConnectAsync(tcp, target, linked.Token),
                { Grpc: { } grpc } => await _grpc.CheckAsync(grpc, target, linked.Token),
                _ => ProbeResult.Failure("missing probe handler"),
            };
        }
        catch (OperationCanceledException) when (timeout.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            return ProbeResult.Failure(probe switch
            {
                { Exec: { } exec } => $"command timed out: \"{string.Join(' ', exec.Command)}\" timed out after {Math.Max(1, probe.TimeoutSeconds)}s",
                { HttpGet: { } get } => $"Get \"{HttpProber.Url(get, target)}\": context deadline exceeded (Client.Timeout exceeded while awaiting headers)",
                { TcpSocket: { } tcp } => $"dial tcp {Host(tcp.Host, target)}:{target.Port(tcp.Port)}: i/o timeout",
                _ => $"timeout: failed to connect service \"{target.Address}:{probe.Grpc?.Port}\" within {Math.Max(1, probe.TimeoutSeconds)}s: context deadline exceeded",
            });
        }
    }

    public void Dispose()
    {
        _http.Dispose();
        _grpc.Dispose();
    }

    private static string Host(string host, ProbeTarget target) => host.Length > 0 ? host : target.Address;

    private async Task<ProbeResult> ExecAsync(IReadOnlyList<string> command, ProbeTarget target, CancellationToken cancellationToken)
    {
        try
        {
            var result = await runtime.ExecSyncAsync(target.ContainerId, command, cancellationToken);
            return result.ExitCode == 0 ? ProbeResult.Success : ProbeResult.Failure(result.Output);
        }
        catch (RuntimeException exception) when (exception.Failure == RuntimeFailure.Start)
        {
            return ProbeResult.Failure(exception.Message);
        }
    }

    private static async Task<ProbeResult> ConnectAsync(TCPSocketAction action, ProbeTarget target, CancellationToken cancellationToken)
    {
        if (target.Port(action.Port) is not { } port)
        {
            return ProbeResult.Failure($"couldn't find port: {action.Port}");
        }

        var host = Host(action.Host, target);
        try
        {
            using var client = new TcpClient();
            await client.ConnectAsync(host, port, cancellationToken);
            return ProbeResult.Success;
        }
        catch (SocketException exception)
        {
            return SocketFailure($"dial tcp {host}:{port}: connect: ", exception);
        }
    }

    internal static ProbeResult SocketFailure(string prefix, SocketException exception) =>
        exception.SocketErrorCode == SocketError.ConnectionRefused
            ? new ProbeResult(ProbeOutcome.Refused, prefix + "connection refused")
            : ProbeResult.Failure(prefix + exception.Message.ToLowerInvariant());
}
