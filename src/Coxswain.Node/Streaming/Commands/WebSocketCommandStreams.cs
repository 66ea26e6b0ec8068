using System.IO.Pipelines;
using System.Threading.Channels;
using Coxswain.Api.Meta.V1;
using Coxswain.Node.Streaming.Channels;

namespace Coxswain.Node.Streaming.Commands;

/// <summary>The channels of a WebSocket as the streams of a command.</summary>
internal sealed class WebSocketCommandStreams : ICommandStreams, IDisposable
{
    private const byte Stdin = 0;
    private const byte Stdout = 1;
    private const byte Stderr = 2;
    private const byte Error = 3;
    private const byte Resize = 4;
    private const byte Close = 255;

    private readonly ChannelSocket _socket;
    private readonly string _protocol;
    private readonly CommandOptions _options;
    private readonly TimeProvider _time;
    private readonly Pipe? _input;
    private readonly Channel<TerminalSize> _sizes = CommandWaits.NewestSize();
    private readonly CancellationTokenSource _gone = new();

    public WebSocketCommandStreams(ChannelSocket socket, string protocol, CommandOptions options, TimeProvider time)
    {
        _socket = socket;
        _protocol = protocol;
        _options = options;
        _time = time;
        _input = options.Stdin ? ChannelPipe.Bounded() : null;
        Gone = _gone.Token;
    }

    public PipeReader? Input => _input?.Reader;

    public ChannelReader<TerminalSize> Sizes => _sizes.Reader;

    public CancellationToken Gone { get; }

    /// <summary>Reads what the client sends until it is gone.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        try
        {
            if (!CommandProtocols.HasClose(_protocol))
            {
                // The sign that there is somebody, for which older clients may wait; the newest complain when they are not ready for it.
                await _socket.WriteAsync(_options.Stdout ? Stdout : _options.Stderr ? Stderr : Error, default, cancellationToken);
            }

            while (await _socket.ReadAsync(cancellationToken) is var (channel, data, isEnd))
            {
                await TakeAsync(channel, data, isEnd, cancellationToken);
            }
        }
        catch (Exception exception) when (exception is IOException or OperationCanceledException)
        {
            // The client is gone, or is to go.
        }
        finally
        {
            // Not the end of what it wanted to send: nobody is to take a part for the whole.
            _input?.Writer.Complete(new IOException("the client is gone"));
            await _gone.CancelAsync();
        }
    }

    public ValueTask WriteAsync(bool isError, ReadOnlyMemory<byte> data, CancellationToken cancellationToken) =>
        (isError ? _options.Stderr : _options.Stdout) ? _socket.WriteAsync(isError ? Stderr : Stdout, data, cancellationToken) : default;

    public async Task FinishAsync(Status status, CancellationToken cancellationToken)
    {
        var encoded = CommandStatus.Encode(status, CommandProtocols.HasStatus(_protocol));
        if (encoded.Length > 0)
        {
            await _socket.WriteAsync(Error, encoded, cancellationToken);
        }

        await _socket.CloseAsync(cancellationToken);
        await CommandWaits.WaitForGoodbyeAsync(_time, Gone, cancellationToken);
    }

    public void Dispose() => _gone.Dispose();

    private async ValueTask TakeAsync(byte channel, ReadOnlyMemory<byte> data, bool isEnd, CancellationToken cancellationToken)
    {
        switch (channel)
        {
            case Stdin when _input is not null && !data.IsEmpty:
                await _input.Writer.WriteAsync(data, cancellationToken);
                break;
            case Resize when isEnd && TerminalSize.TryParse(data.Span) is { } size:
                _sizes.Writer.TryWrite(size);
                break;
            case Close when CommandProtocols.HasClose(_protocol) && data.Span is [Stdin]:
                _input?.Writer.Complete();
                break;
        }
    }
}
