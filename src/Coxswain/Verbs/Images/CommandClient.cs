using System.Net.Sockets;
using Coxswain.CommandLine;
using Coxswain.Hosting;

namespace Coxswain.Verbs.Images;

/// <summary>Has the running server do what was typed, with its output here.</summary>
internal sealed class CommandClient : IDisposable
{
    public const string RequestHeader = "Coxswain-Command";

    private readonly HttpClient _http;

    public CommandClient(string socketPath)
    {
        var handler = new SocketsHttpHandler
        {
            ConnectCallback = async (_, cancellationToken) =>
            {
                var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
                try
                {
                    await socket.ConnectAsync(new UnixDomainSocketEndPoint(socketPath), cancellationToken);
                    return new NetworkStream(socket, ownsSocket: true);
                }
                catch
                {
                    socket.Dispose();
                    throw;
                }
            },
        };
        _http = new HttpClient(handler) { Timeout = Timeout.InfiniteTimeSpan };
    }

    /// <summary>The exit code of the command.</summary>
    /// <param name="input">What it reads as standard input; null for nothing.</param>
    public Task<int> RunAsync(Stream? input, CancellationToken cancellationToken) => RunAsync(CommandRequest.Ours(), input, cancellationToken);

    /// <inheritdoc cref="RunAsync(Stream?, CancellationToken)"/>
    /// <param name="command">Instead of what was typed.</param>
    public async Task<int> RunAsync(CommandRequest command, Stream? input, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "http://coxswain/command");
        request.Headers.Add(RequestHeader, command.ToHeader());
        request.Content = input is null ? null : new StreamContent(input);
        try
        {
            using var response = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
            response.EnsureSuccessStatusCode();
            await using var frames = await response.Content.ReadAsStreamAsync(cancellationToken);
            await using var output = Terminal.OpenOutput();
            await using var error = Terminal.OpenError();
            return await CommandFrames.ReadAsync(frames, output, error, cancellationToken);
        }
        catch (Exception exception) when (exception is HttpRequestException or InvalidDataException)
        {
            throw new CommandFailure($"the server cannot be asked: {exception.Message}", exception);
        }
    }

    public void Dispose() => _http.Dispose();
}
