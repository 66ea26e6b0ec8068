namespace Coxswain.Network.Dns;

/// <summary>What we answer from our own zones.</summary>
internal sealed record DnsAnswer(
    DnsResponseCode Code,
    IReadOnlyList<DnsRecord> Answers,
    IReadOnlyList<DnsRecord> Authority,
    IReadOnlyList<DnsRecord> Additional)
{
    /// <summary>When the answer ends in an alias for a name outside: that name, to be asked of others.</summary>
    public string? Outside { get; init; }

    public static DnsAnswer Of(params IReadOnlyList<DnsRecord> answers) => new(DnsResponseCode.NoError, answers, [], []);

    public static DnsAnswer Refusal(DnsResponseCode code) => new(code, [], [], []);
}
