using System.Text;
using Coxswain.Node.Streaming.Spdy;
using Coxswain.Testing.Fuzzing;

namespace Coxswain.Node.Tests.Streaming;

public sealed class SpdyConnectionTests : IAsyncLifetime
{
    private readonly CancellationTokenSource _timeout = new(TimeSpan.FromSeconds(30));
    private readonly DuplexStream _transport;
    private readonly SpdyConnection _server;
    private readonly SpdyClient _client;
    private Task _running = Task.CompletedTask;

    public SpdyConnectionTests()
    {
        (_transport, var client) = DuplexStream.Pair();
        _server = new SpdyConnection(_transport);
        _client = new SpdyClient(client);
    }

    private CancellationToken Timeout => _timeout.Token;

    public Task InitializeAsync()
    {
        _running = _server.RunAsync(Timeout);
        return Task.CompletedTask;
    }

    public async Task DisposeAsync()
    {
        await _client.DisposeAsync();
        await _running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await _server.DisposeAsync();
        await _transport.DisposeAsync();
        _timeout.Dispose();
    }

    [Fact]
    public async Task Streams_EachDirectionEndsByItself()
    {
        var id = await _client.OpenAsync(Timeout, ("streamType", "data"), ("port", "80"));
        var stream = await _server.Accepted.ReadAsync(Timeout);
        Assert.Equal("data", stream.Headers["streamtype"]);
        await _client.SendAsync(id, "question"u8.ToArray(), Timeout, isLast: true);
        Assert.Equal("question", await ReadToEndAsync(stream));
        await stream.WriteAsync("answer"u8.ToArray(), Timeout);
        await stream.CloseAsync(Timeout);
        Assert.Equal("answer", Encoding.ASCII.GetString(await _client.ReadToEndAsync(id, Timeout)));
        Assert.False(stream.Aborted.IsCancellationRequested);
    }

    [Fact]
    public async Task Write_MoreThanAFrame_ArrivesWhole()
    {
        var sent = new byte[300_000];
        new Random(1).NextBytes(sent);
        var id = await _client.OpenAsync(Timeout, ("streamType", "stdout"));
        var stream = await _server.Accepted.ReadAsync(Timeout);
        await stream.WriteAsync(sent, Timeout);
        await stream.CloseAsync(Timeout);
        Assert.Equal(sent, await _client.ReadToEndAsync(id, Timeout));
    }

    [Fact]
    public async Task Receive_NobodyTakesIt_HoldsNoMoreThanItsBound()
    {
        var id = await _client.OpenAsync(Timeout, ("streamType", "stdin"));
        var stream = await _server.Accepted.ReadAsync(Timeout);
        var sent = new byte[4 * SpdyStream.MostBufferedBytes];
        var sending = _client.SendAsync(id, sent, Timeout, isLast: true);
        var first = await stream.Input.ReadAtLeastAsync(SpdyStream.MostBufferedBytes, Timeout);
        Assert.True(first.Buffer.Length < 2 * SpdyStream.MostBufferedBytes, $"{first.Buffer.Length} bytes wait");
        Assert.False(sending.IsCompleted);
        var length = first.Buffer.Length;
        stream.Input.AdvanceTo(first.Buffer.End);
        for (var result = first; !result.IsCompleted;)
        {
            result = await stream.Input.ReadAsync(Timeout);
            length += result.Buffer.Length;
            stream.Input.AdvanceTo(result.Buffer.End);
        }

        await sending;
        Assert.Equal(sent.Length, length);
    }

    [Fact]
    public async Task Receive_NobodyWantsIt_IsPassedOver()
    {
        var id = await _client.OpenAsync(Timeout, ("streamType", "stdin"));
        var stream = await _server.Accepted.ReadAsync(Timeout);
        await stream.Input.CompleteAsync();
        await _client.SendAsync(id, new byte[10 * SpdyStream.MostBufferedBytes], Timeout, isLast: true);
    }

    [Fact]
    public async Task Reset_EndsTheStreamAndNoOther()
    {
        var given = await _client.OpenAsync(Timeout, ("streamType", "data"));
        var kept = await _client.OpenAsync(Timeout, ("streamType", "data"));
        var (first, second) = (await _server.Accepted.ReadAsync(Timeout), await _server.Accepted.ReadAsync(Timeout));
        await _client.ResetAsync(given, Timeout);
        await Assert.ThrowsAsync<IOException>(async () => await first.Input.ReadAsync(Timeout));
        Assert.True(first.Aborted.IsCancellationRequested);
        await Assert.ThrowsAsync<IOException>(async () => await first.WriteAsync("x"u8.ToArray(), Timeout));
        await second.WriteAsync("there"u8.ToArray(), Timeout);
        Assert.Equal("there"u8.ToArray(), await _client.ReadAsync(kept, Timeout));
    }

    [Fact]
    public async Task Open_OneTooMany_IsRefused()
    {
        for (var i = 0; i < SpdyConnection.MostStreams; i++)
        {
            await _client.OpenAsync(Timeout, ("n", "1"));
            await _server.Accepted.ReadAsync(Timeout);
        }

        var last = await _client.OpenAsync(Timeout, ("n", "1"));
        Assert.Equal(last, await _client.Resets.Reader.ReadAsync(Timeout));
    }

    [Fact]
    public async Task Open_MoreThanAnyoneLooksAt_AreRefused()
    {
        for (var i = 0; i <= SpdyConnection.MostStreams; i++)
        {
            await _client.ResetAsync(await _client.OpenAsync(Timeout, ("n", "1")), Timeout);
        }

        Assert.Equal((uint)((2 * SpdyConnection.MostStreams) + 1), await _client.Resets.Reader.ReadAsync(Timeout));
    }

    [Fact]
    public async Task Ping_IsAnswered()
    {
        await _client.SendControlAsync(SpdyFrameType.Ping, [0, 0, 0, 1], Timeout);
        Assert.Equal([0, 0, 0, 1], await _client.Pings.Reader.ReadAsync(Timeout));
    }

    [Fact]
    public async Task ClientGone_EndsEveryStream()
    {
        await _client.OpenAsync(Timeout, ("streamType", "data"));
        var stream = await _server.Accepted.ReadAsync(Timeout);
        await _client.DisposeAsync();
        await _running;
        Assert.True(stream.Aborted.IsCancellationRequested);
        Assert.True(_server.Ended.IsCancellationRequested);
    }

    [Fact]
    public async Task Run_ControlFrameOverItsBound_IsRefused()
    {
        await _client.SendControlAsync(SpdyFrameType.Settings, new byte[SpdyConnection.MostControlBytes], Timeout);
        var sending = _client.SendControlAsync(SpdyFrameType.Settings, new byte[SpdyConnection.MostControlBytes + 1], Timeout);
        await Assert.ThrowsAsync<SpdyException>(() => _running);
        await _transport.DisposeAsync();
        await sending.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
    }

    [Fact]
    public async Task Run_StreamOpenedTwice_IsRefused()
    {
        using var headers = new SpdyHeaderWriter();
        byte[] payload = [0, 0, 0, 1, 0, 0, 0, 0, 0, 0, .. headers.Write(new Dictionary<string, string>())];
        byte[] again = [0, 0, 0, 1, 0, 0, 0, 0, 0, 0, .. headers.Write(new Dictionary<string, string>())];
        await _client.SendControlAsync(SpdyFrameType.SynStream, payload, Timeout);
        await _client.SendControlAsync(SpdyFrameType.SynStream, again, Timeout);
        await Assert.ThrowsAsync<SpdyException>(() => _running);
    }

    /// <summary>Whatever bytes come, the connection ends with them: quietly or by saying that they break the rules.</summary>
    [Fact]
    public void Run_AnyBytes_EndsOrRefuses() => Fuzzer.Run("spdy", Seeds(), input =>
    {
        var connection = new SpdyConnection(new Recorded(input));
        try
        {
#pragma warning disable VSTHRD002 // What it reads is in memory, so nothing is waited for.
            connection.RunAsync(CancellationToken.None).GetAwaiter().GetResult();
#pragma warning restore VSTHRD002
        }
        catch (SpdyException)
        {
        }
    });

    private static IEnumerable<byte[]> Seeds()
    {
        using var headers = new SpdyHeaderWriter();
        var stream = new MemoryStream();
        foreach (var type in new[] { "error", "stdin" })
        {
            byte[] payload = [0, 0, 0, (byte)(type == "error" ? 1 : 3), 0, 0, 0, 0, 0, 0, .. headers.Write(new Dictionary<string, string> { ["streamtype"] = type })];
            stream.Write(Control(SpdyFrameType.SynStream, payload));
        }

        stream.Write(Data(3, 0, "hello"u8));
        stream.Write(Control(SpdyFrameType.Ping, [0, 0, 0, 1]));
        stream.Write(Control(SpdyFrameType.Settings, [0, 0, 0, 0]));
        stream.Write(Data(3, SpdyFrameHeader.Fin, []));
        stream.Write(Control(SpdyFrameType.RstStream, [0, 0, 0, 1, 0, 0, 0, 5]));
        stream.Write(Control(SpdyFrameType.GoAway, [0, 0, 0, 0, 0, 0, 0, 0]));
        return [stream.ToArray()];
    }

    private static byte[] Control(SpdyFrameType type, byte[] payload)
    {
        var header = new byte[SpdyFrameHeader.Size];
        SpdyFrameHeader.WriteControl(header, type, 0, payload.Length);
        return [.. header, .. payload];
    }

    private static byte[] Data(uint id, byte flags, ReadOnlySpan<byte> data)
    {
        var header = new byte[SpdyFrameHeader.Size];
        SpdyFrameHeader.WriteData(header, id, flags, data.Length);
        return [.. header, .. data];
    }

    private async Task<string> ReadToEndAsync(SpdyStream stream)
    {
        using var reader = new StreamReader(stream.Input.AsStream());
        return await reader.ReadToEndAsync(Timeout);
    }

    /// <summary>What a client sent; it takes any answer.</summary>
    private sealed class Recorded(byte[] input) : MemoryStream(input)
    {
        public override bool CanWrite => true;

        public override void Write(byte[] buffer, int offset, int count)
        {
        }

        public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) => default;
    }
}
