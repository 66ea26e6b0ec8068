using System.Buffers.Binary;
using System.Net;
using System.Text;

namespace Coxswain.Network.Dns;

/// <summary>Turns a query's bytes into an answer's bytes: from the zone at once, or else from others.</summary>
internal sealed class DnsResponder(ClusterDnsOptions options, DnsForwarder forwarder, Func<ClusterZone> zone)
{
    private const int LargestMessage = 65535;

    /// <summary>
    /// The answer when it needs nobody else. Otherwise false with no response when the bytes deserve none, or with
    /// <paramref name="asksOthers"/> when <see cref="ForwardAsync"/> is to be called.
    /// </summary>
    public bool TryAnswer(ReadOnlySpan<byte> message, bool overTcp, out byte[]? response, out bool asksOthers)
    {
        asksOthers = false;
        response = null;
        var query = DnsQuery.Parse(message, out var refusal);
        if (query is null)
        {
            response = refusal == DnsResponseCode.NoError ? null : DnsWriter.Refuse(message, refusal);
            return response is not null;
        }

        // 1 is the Internet, 255 any class.
        var answer = query.Class is 1 or 255 ? zone().Answer(query.Name, query.Type) : DnsAnswer.Refusal(DnsResponseCode.Refused);
        asksOthers = answer is null or { Outside: not null };
        if (!asksOthers)
        {
            response = Write(query, message, answer!, overTcp); // Not null: then it would be asked of others.
        }

        return !asksOthers;
    }

    public async Task<byte[]?> ForwardAsync(ReadOnlyMemory<byte> message, bool overTcp, CancellationToken cancellationToken)
    {
        if (DnsQuery.Parse(message.Span, out _) is not { } query)
        {
            return null;
        }

        if (zone().Answer(query.Name, query.Type) is { Outside: { } outside } alias)
        {
            var addresses = query.Type is DnsType.A or DnsType.AAAA
                ? await AskAddressesAsync(outside, query, cancellationToken)
                : [];
            return Write(query, message.Span, alias with { Answers = [.. alias.Answers, .. addresses] }, overTcp);
        }

        var response = await forwarder.AskAsync(message, overTcp, cancellationToken);
        return response ?? Write(query, message.Span, DnsAnswer.Refusal(DnsResponseCode.ServerFailure), overTcp);
    }

    /// <summary>Where an alias leads outside. Without an answer the client gets the alias alone.</summary>
    private async Task<IReadOnlyList<DnsRecord>> AskAddressesAsync(string name, DnsQuery query, CancellationToken cancellationToken)
    {
        var labels = name.Split('.');
        if (name.Length > 253 || labels.Any(label => label.Length is 0 or > 63))
        {
            return [];
        }

        var question = new List<byte> { (byte)(query.Id >> 8), (byte)query.Id, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0 };
        foreach (var label in labels)
        {
            question.Add((byte)label.Length);
            question.AddRange(Encoding.Latin1.GetBytes(label));
        }

        question.AddRange([0, 0, (byte)query.Type, 0, 1]);
        var response = await forwarder.AskAsync(question.ToArray(), overTcp: false, cancellationToken);
        if (response is null)
        {
            return [];
        }

        return
        [
            .. (DnsWire.Records(response) ?? []).Where(record => record.Type == query.Type && record.DataLength is 4 or 16)
                .Take(BinaryPrimitives.ReadUInt16BigEndian(response.AsSpan(6)))
                .Select(record => new AddressRecord(name, new IPAddress(response.AsSpan(record.DataOffset, record.DataLength)))),
        ];
    }

    private byte[] Write(DnsQuery query, ReadOnlySpan<byte> message, DnsAnswer answer, bool overTcp) =>
        DnsWriter.Write(query, message, Rotate(answer, query.Id), overTcp ? LargestMessage : query.UdpSize, options.TtlSeconds);

    /// <summary>Clients take the first address; another one each time spreads them. The query's id is chance enough.</summary>
    private static DnsAnswer Rotate(DnsAnswer answer, int by) =>
        answer.Answers.Count < 2 || answer.Answers.Any(record => record.Type == DnsType.CNAME)
            ? answer
            : answer with
            {
                Answers =
                [
                    .. answer.Answers.Skip(by % answer.Answers.Count), .. answer.Answers.Take(by % answer.Answers.Count),
                ],
            };
}
