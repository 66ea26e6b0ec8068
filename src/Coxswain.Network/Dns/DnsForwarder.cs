using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;

namespace Coxswain.Network.Dns;

/// <summary>Asks the node's own nameservers what is not ours, and keeps what they say for as long as they allow.</summary>
/// <param name="forwards">Whom to ask, at this moment.</param>
internal sealed class DnsForwarder(ClusterDnsOptions options, TimeProvider time, Func<DnsForwards> forwards)
{
    private const int LargestAnswer = 65535;

    /// <summary>A nameserver that has not answered by then is joined by the next.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(500);

    /// <summary>When clients get a failure; their own patience is usually 5 s.</summary>
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(1.8);

    private volatile Known _known = new(DnsForwards.None, new ForwardCache(time));

    /// <returns>The answer's bytes, or null when no nameserver gave one in time.</returns>
    public async Task<byte[]?> AskAsync(ReadOnlyMemory<byte> query, bool overTcp, CancellationToken cancellationToken)
    {
        var current = forwards();
        if (!ReferenceEquals(_known.Of, current))
        {
            // What other servers said does not hold any more.
            _known = new Known(current, new ForwardCache(time));
        }

        var cache = _known.Cache;
        if (cache.Find(query.Span, overTcp) is { } known)
        {
            return known;
        }

        using var limit = new CancellationTokenSource(Limit, time);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        var answer = await AskAllAsync(Servers(current, query), query, overTcp, stop.Token);
        cancellationToken.ThrowIfCancellationRequested();
        await stop.CancelAsync();
        if (answer is not null)
        {
            cache.Add(query.Span, overTcp, answer);
        }

        return answer;
    }

    private async Task<byte[]?> AskAllAsync(
        IReadOnlyList<IPEndPoint> servers, ReadOnlyMemory<byte> query, bool overTcp, CancellationToken cancellationToken)
    {
        var asked = new List<Task<byte[]?>>();
        byte[]? failure = null;
        for (var next = 0; next < servers.Count || asked.Count > 0;)
        {
            if (next < servers.Count)
            {
                asked.Add(AskOneAsync(servers[next++], query, overTcp, cancellationToken));
            }

            var patience = next < servers.Count ? Task.Delay(Patience, time, cancellationToken) : Task.Delay(Timeout.InfiniteTimeSpan, time, cancellationToken);
            var first = await Task.WhenAny([.. asked, patience]);
            if (cancellationToken.IsCancellationRequested)
            {
                break;
            }

            if (first is Task<byte[]?> done && asked.Remove(done))
            {
                var answer = await done;
                if (answer is not null && (DnsResponseCode)(answer[3] & 0xF) is not (DnsResponseCode.ServerFailure or DnsResponseCode.Refused))
                {
                    return answer;
                }

                failure ??= answer;
            }
        }

        return failure;
    }

    /// <summary>Never throws: a server that cannot be asked has no answer.</summary>
    private static async Task<byte[]?> AskOneAsync(
        IPEndPoint server, ReadOnlyMemory<byte> query, bool overTcp, CancellationToken cancellationToken)
    {
        try
        {
            // A socket, and so a source port, of its own for each query: what does not match both is not taken for an answer.
            using var socket = new Socket(
                server.AddressFamily, overTcp ? SocketType.Stream : SocketType.Dgram, overTcp ? ProtocolType.Tcp : ProtocolType.Udp);
            await socket.ConnectAsync(server, cancellationToken);
            return overTcp ? await AskTcpAsync(socket, query, cancellationToken) : await AskUdpAsync(socket, query, cancellationToken);
        }
        catch (Exception exception) when (exception is SocketException or OperationCanceledException or IOException)
        {
            return null;
        }
    }

    private static async Task<byte[]?> AskUdpAsync(Socket socket, ReadOnlyMemory<byte> query, CancellationToken cancellationToken)
    {
        await socket.SendAsync(query, cancellationToken);
        var buffer = new byte[LargestAnswer];
        while (true)
        {
            var length = await socket.ReceiveAsync(buffer, cancellationToken);
            if (IsAnswerTo(query.Span, buffer.AsSpan(0, length)))
            {
                return buffer[..length];
            }
        }
    }

    private static async Task<byte[]?> AskTcpAsync(Socket socket, ReadOnlyMemory<byte> query, CancellationToken cancellationToken)
    {
        await using var stream = new NetworkStream(socket);
        await DnsStream.WriteAsync(stream, query, cancellationToken);
        var answer = await DnsStream.ReadAsync(stream, cancellationToken);
        return answer is not null && IsAnswerTo(query.Span, answer) ? answer : null;
    }

    private static bool IsAnswerTo(ReadOnlySpan<byte> query, ReadOnlySpan<byte> answer) =>
        answer.Length >= DnsQuery.HeaderLength
        && (answer[2] & 0x80) != 0
        && BinaryPrimitives.ReadUInt16BigEndian(answer) == BinaryPrimitives.ReadUInt16BigEndian(query)
        && DnsWire.Records(answer) is not null;

    private IReadOnlyList<IPEndPoint> Servers(DnsForwards current, ReadOnlyMemory<byte> query)
    {
        if (DnsQuery.Parse(query.Span, out _) is { } parsed && current.ServersFor(parsed.Name) is { } chosen)
        {
            return chosen;
        }

        if (options.Upstream is { } servers)
        {
            return servers;
        }

        try
        {
            // Read each time: the file is small, and a laptop's changes with every network it joins.
            return ResolvConf.Nameservers(File.ReadAllText(options.ResolvConfPath), options.Listen.Address);
        }
        catch (IOException)
        {
            return [];
        }
    }

    /// <summary>Answers, and of whose servers they are.</summary>
    private sealed record Known(DnsForwards Of, ForwardCache Cache);
}
