using System.Net;
using System.Net.WebSockets;
using System.Text;
using Coxswain.Api.Core.V1;
using Coxswain.Node.Options;
using Coxswain.Node.Tests.Agent;
using Coxswain.Node.Tests.Streaming;

namespace Coxswain.Node.Tests.Server;

/// <summary>The streams into a pod that really runs.</summary>
public sealed class StreamEndpointsTests : IAsyncLifetime
{
    private const string Protocol = "v5.channel.k8s.io";
    private const byte Stdin = 0;
    private const byte Stdout = 1;
    private const byte Stderr = 2;
    private const byte Error = 3;

    private readonly TestAuthority _authority = new();
    private readonly CancellationTokenSource _patience = new(TimeSpan.FromMinutes(4));
    private TestNode _node = null!; // Set before any test runs.
    private HttpClient _client = null!; // Set before any test runs.
    private string _container = "";

    public async Task InitializeAsync()
    {
        _node = await TestNode.StartAsync(new NodeServerOptions
        {
            Address = IPAddress.Loopback, Port = 0, Certificate = _authority.Issue("CN=system:node:test-node"), ClientAuthority = _authority.Certificate,
        });
        await _node.CreateAsync(
            "box", "exec httpd -f -p 8080 -h /tmp",
            container => container with { ReadinessProbe = new Probe { TcpSocket = new TCPSocketAction { Port = 8080 }, PeriodSeconds = 1 } },
            "Never", spec => spec with { TerminationGracePeriodSeconds = 0 });
        var pod = await _node.WaitForReadyAsync("box");
        _container = pod!.Status.ContainerStatuses[0].ContainerID.Split('/')[^1]; // It waited for one.
        _client = _authority.Client(_node.Port, _authority.Issue("CN=kube-apiserver-kubelet-client"));
    }

    public async Task DisposeAsync()
    {
        _client.Dispose();
        await _node.DisposeAsync();
        _authority.Dispose();
        _patience.Dispose();
    }

    [Fact]
    public async Task Exec_InputOutputErrorAndCode_AllComeThrough()
    {
        using var socket = await ExecAsync("input=1&output=1&error=1", "sh", "-c", "cat; echo oops >&2; exit 7");
        await StreamClient.SendAsync(socket, Stdin, "hello ", _patience.Token);
        await StreamClient.SendAsync(socket, Stdin, "world", _patience.Token);
        await socket.SendAsync((byte[])[255, Stdin], WebSocketMessageType.Binary, true, _patience.Token);
        var all = await StreamClient.ReceiveAllAsync(socket, _patience.Token);
        Assert.Equal(("hello world", "oops\n"), (all[Stdout], all[Stderr]));
        Assert.Contains("\"reason\":\"ExitCode\",\"message\":\"7\"", all[Error], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Exec_OfWhatIsNotThere_SaysSo()
    {
        using var socket = await ExecAsync("output=1", "nothing-of-that-name");
        var all = await StreamClient.ReceiveAllAsync(socket, _patience.Token);
        Assert.Contains("\"status\":\"Failure\"", all[Error], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Exec_ClientGoes_TheCommandIsEnded()
    {
        using (var socket = await ExecAsync("input=1&output=1", "sh", "-c", "echo up; cat; sleep 1000"))
        {
            Assert.Equal("up\n", Encoding.UTF8.GetString((await StreamClient.ReceiveAsync(socket, _patience.Token))!.Value.Data));
            Assert.True(await ProcessesAsync() > 1);
            socket.Abort();
        }

        await UntilAloneAsync();
    }

    [Fact]
    public async Task PortForward_OverChannels_ReachesWhatListens()
    {
        using var socket = await StreamClient.WebSocketAsync(_client, "/portForward/default/box?port=8080", "v4.channel.k8s.io", _patience.Token);
        await StreamClient.SendAsync(socket, 0, "GET /nothing HTTP/1.0\r\n\r\n", _patience.Token);
        var answer = "";
        while (!answer.Contains("404", StringComparison.Ordinal) && await StreamClient.ReceiveAsync(socket, _patience.Token) is var (channel, data))
        {
            answer += channel == 0 ? Encoding.UTF8.GetString(data) : "";
        }

        Assert.Contains("HTTP/1.", answer, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Exec_FiveHundred_LeaveNothingBehind()
    {
        await RunAsync(20); // What is made once is made now.
        var files = Directory.GetFileSystemEntries("/proc/self/fd").Length;
        await RunAsync(500);
        await UntilAloneAsync();
        Assert.Empty(Directory.GetFileSystemEntries(_node.ExecDirectory));
        Assert.InRange(Directory.GetFileSystemEntries("/proc/self/fd").Length, 0, files + 64); // Connections are kept for a while.

        async Task RunAsync(int count)
        {
            using var places = new SemaphoreSlim(50);
            await Task.WhenAll(Enumerable.Range(0, count).Select(async _ =>
            {
                await places.WaitAsync(_patience.Token);
                try
                {
                    using var socket = await ExecAsync("output=1", "cat", "/dev/null");
                    Assert.Contains("Success", (await StreamClient.ReceiveAllAsync(socket, _patience.Token))[Error], StringComparison.Ordinal);
                }
                finally
                {
                    places.Release();
                }
            }));
        }
    }

    private Task<WebSocket> ExecAsync(string streams, params string[] command) => StreamClient.WebSocketAsync(
        _client, $"/exec/default/box/main?{streams}{string.Concat(command.Select(argument => "&command=" + Uri.EscapeDataString(argument)))}", Protocol,
        _patience.Token);

    private async Task<long> ProcessesAsync() => (await _node.Runtime.ContainerStatsAsync(_container, _patience.Token))!.Pids; // It runs.

    /// <summary>The kernel gives no event for a process that leaves a group.</summary>
    private async Task UntilAloneAsync()
    {
        while (await ProcessesAsync() > 1)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(20), _patience.Token);
        }
    }
}
