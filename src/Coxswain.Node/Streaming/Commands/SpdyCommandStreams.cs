using System.Buffers;
using System.IO.Pipelines;
using System.Threading.Channels;
using Coxswain.Api.Meta.V1;
using Coxswain.Node.Streaming.Spdy;

namespace Coxswain.Node.Streaming.Commands;

/// <summary>The streams of a SPDY connection as those of a command; the client opens each and says by a header which it is.</summary>
internal sealed class SpdyCommandStreams : ICommandStreams
{
    private const string StreamType = "streamtype";

    private static readonly TimeSpan OpeningPatience = TimeSpan.FromSeconds(30); // the kubelet's

    private readonly SpdyConnection _connection;
    private readonly string _protocol;
    private readonly Dictionary<string, SpdyStream> _streams;
    private readonly TimeProvider _time;
    private readonly Channel<TerminalSize> _sizes = CommandWaits.NewestSize();

    private SpdyCommandStreams(SpdyConnection connection, string protocol, Dictionary<string, SpdyStream> streams, TimeProvider time)
    {
        _connection = connection;
        _protocol = protocol;
        _streams = streams;
        _time = time;
    }

    public PipeReader? Input => _streams.GetValueOrDefault("stdin")?.Input;

    public ChannelReader<TerminalSize> Sizes => _sizes.Reader;

    public CancellationToken Gone => _connection.Ended;

    /// <summary>Waits for all the streams that the options speak of; null when they do not come.</summary>
    public static async Task<SpdyCommandStreams?> OpenAsync(
        SpdyConnection connection, string protocol, CommandOptions options, TimeProvider time, CancellationToken cancellationToken)
    {
        var wanted = new HashSet<string>(StringComparer.Ordinal) { "error" };
        Add("stdin", options.Stdin);
        Add("stdout", options.Stdout);
        Add("stderr", options.Stderr);
        Add("resize", options.Tty && CommandProtocols.HasResize(protocol));

        using var patience = new CancellationTokenSource(OpeningPatience, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, cancellationToken, connection.Ended);
        var streams = new Dictionary<string, SpdyStream>(StringComparer.Ordinal);
        try
        {
            while (wanted.Count > 0)
            {
                var stream = await connection.Accepted.ReadAsync(either.Token);
                if (stream.Headers.TryGetValue(StreamType, out var type) && wanted.Remove(type))
                {
                    streams.Add(type, stream);
                }
            }
        }
        catch (Exception exception) when (exception is OperationCanceledException or ChannelClosedException && !cancellationToken.IsCancellationRequested)
        {
            return null;
        }

        return new SpdyCommandStreams(connection, protocol, streams, time);

        void Add(string type, bool isWanted)
        {
            if (isWanted)
            {
                wanted.Add(type);
            }
        }
    }

    /// <summary>Reads the sizes of the client's terminal until it is gone.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        if (!_streams.TryGetValue("resize", out var stream))
        {
            return;
        }

        try
        {
            while (true)
            {
                var result = await stream.Input.ReadAsync(cancellationToken);
                var rest = TakeSizes(result.Buffer);
                stream.Input.AdvanceTo(rest.Length > TerminalSize.MostBytes ? rest.End : rest.Start, rest.End);
                if (result.IsCompleted)
                {
                    return;
                }
            }
        }
        catch (Exception exception) when (exception is IOException or OperationCanceledException)
        {
            // The client is gone, or is to go.
        }
    }

    public ValueTask WriteAsync(bool isError, ReadOnlyMemory<byte> data, CancellationToken cancellationToken) =>
        _streams.GetValueOrDefault(isError ? "stderr" : "stdout")?.WriteAsync(data, cancellationToken) ?? default;

    public async Task FinishAsync(Status status, CancellationToken cancellationToken)
    {
        foreach (var (type, stream) in _streams)
        {
            if (type != "error")
            {
                await stream.CloseAsync(cancellationToken);
            }
        }

        var encoded = CommandStatus.Encode(status, CommandProtocols.HasStatus(_protocol));
        if (encoded.Length > 0)
        {
            await _streams["error"].WriteAsync(encoded, cancellationToken);
        }

        await _streams["error"].CloseAsync(cancellationToken);
        await _connection.GoAwayAsync(cancellationToken);
        await CommandWaits.WaitForGoodbyeAsync(_time, Gone, cancellationToken);
    }

    /// <summary>Sizes follow each other; none holds a brace inside.</summary>
    private ReadOnlySequence<byte> TakeSizes(ReadOnlySequence<byte> buffer)
    {
        while (buffer.PositionOf((byte)'}') is { } brace)
        {
            var end = buffer.GetPosition(1, brace);
            if (TerminalSize.TryParse(buffer.Slice(0, end).ToArray()) is { } size)
            {
                _sizes.Writer.TryWrite(size);
            }

            buffer = buffer.Slice(end);
        }

        return buffer;
    }
}
