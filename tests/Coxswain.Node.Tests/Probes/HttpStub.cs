using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace Coxswain.Node.Tests.Probes;

/// <summary>A server on loopback that answers each request with a status code, or never.</summary>
internal sealed class HttpStub : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stopping = new();
    private readonly ConcurrentQueue<string> _requests = new();
    private readonly Task _running;

    public HttpStub(int code)
    {
        Code = code;
        _listener.Start();
        _running = RunAsync();
    }

    /// <summary>0 for no answer at all.</summary>
    public volatile int Code;

    /// <summary>Where it redirects to; empty for nowhere.</summary>
    public string Location { get; init; } = "";

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    /// <summary>Request lines and headers so far.</summary>
    public IReadOnlyCollection<string> Requests => _requests;

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        await _running;
        _listener.Dispose();
        _stopping.Dispose();
    }

    private async Task RunAsync()
    {
        var open = new List<TcpClient>();
        try
        {
            while (true)
            {
                var client = await _listener.AcceptTcpClientAsync(_stopping.Token);
                open.Add(client);
                await AnswerAsync(client);
            }
        }
        catch (OperationCanceledException)
        {
        }

        open.ForEach(client => client.Dispose());
    }

    private async Task AnswerAsync(TcpClient client)
    {
        using var reader = new StreamReader(client.GetStream(), leaveOpen: true);
        var request = "";
        while (await reader.ReadLineAsync(_stopping.Token) is { Length: > 0 } line)
        {
            request += line + "\n";
        }

        _requests.Enqueue(request);
        if (Code != 0)
        {
            var location = Location.Length > 0 ? $"Location: {Location}\r\n" : "";
            await client.GetStream().WriteAsync(
                System.Text.Encoding.ASCII.GetBytes($"HTTP/1.1 {Code} Answer\r\n{location}Content-Length: 0\r\nConnection: close\r\n\r\n"), _stopping.Token);
        }
    }
}
