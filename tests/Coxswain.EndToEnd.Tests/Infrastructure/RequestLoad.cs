using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Coxswain.EndToEnd.Tests.Infrastructure;

/// <summary>
/// Asks a web server about a thousand times a second until it is disposed of, each time over a connection of its own, and keeps what
/// went wrong.
/// </summary>
public sealed class RequestLoad : IAsyncDisposable
{
    private const int Clients = 20;
    private const int MaxFailuresKept = 100;

    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private readonly CancellationTokenSource _stop = new();
    private readonly ConcurrentQueue<string> _failures = new();
    private readonly IPEndPoint _server;
    private readonly string _expected;
    private readonly Task _clients;
    private long _answered;

    private RequestLoad(IPEndPoint server, string expected)
    {
        (_server, _expected) = (server, expected);
        _clients = Task.WhenAll(Enumerable.Range(0, Clients).Select(_ => RunClientAsync()));
    }

    /// <summary>Requests that were answered as they should be.</summary>
    public long Answered => Interlocked.Read(ref _answered);

    public IReadOnlyCollection<string> Failures => _failures;

    /// <param name="expected">What every answer holds.</param>
    public static RequestLoad Start(string address, int port, string expected) => new(new IPEndPoint(IPAddress.Parse(address), port), expected);

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _clients;
        _stop.Dispose();
    }

    private async Task RunClientAsync()
    {
        using var timer = new PeriodicTimer(Interval);
        while (!_stop.IsCancellationRequested)
        {
            try
            {
                await timer.WaitForNextTickAsync(_stop.Token);
            }
            catch (OperationCanceledException)
            {
                return;
            }

            var failure = await AskAsync();
            if (failure is null)
            {
                Interlocked.Increment(ref _answered);
            }
            else if (_failures.Count < MaxFailuresKept)
            {
                _failures.Enqueue($"{DateTimeOffset.UtcNow:HH:mm:ss.fff} {failure}");
            }
        }
    }

    /// <returns>Why there was no good answer; null when there was one.</returns>
    private async Task<string?> AskAsync()
    {
        using var patience = new CancellationTokenSource(Patience);
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        var answer = new byte[4096];
        var length = 0;
        try
        {
            await socket.ConnectAsync(_server, patience.Token);
            await socket.SendAsync("GET / HTTP/1.0\r\n\r\n"u8.ToArray(), patience.Token);
            int read;
            while ((read = await socket.ReceiveAsync(answer.AsMemory(length), patience.Token)) > 0)
            {
                length += read;
            }
        }
        catch (Exception exception) when (exception is SocketException or OperationCanceledException)
        {
            return $"{exception.GetType().Name} after {length} bytes: {exception.Message}";
        }

        var text = Encoding.ASCII.GetString(answer, 0, length);
        return text.Contains(" 200 OK", StringComparison.Ordinal) && text.Contains(_expected, StringComparison.Ordinal) ? null : $"answer \"{text}\"";
    }
}
