using System.Net;

namespace Coxswain.Network.Dns;

/// <summary>A record of ours. Names are lower case, without the last dot.</summary>
internal abstract record DnsRecord(string Name, DnsType Type);

/// <summary>A or AAAA, by the kind of address.</summary>
internal sealed record AddressRecord(string Name, IPAddress Address)
    : DnsRecord(Name, Address.AddressFamily == System.Net.Sockets.AddressFamily.InterNetwork ? DnsType.A : DnsType.AAAA);

/// <summary>CNAME, PTR or NS: a name that names another.</summary>
internal sealed record NameRecord(string Name, DnsType Type, string Target) : DnsRecord(Name, Type);

internal sealed record ServiceRecord(string Name, int Port, string Target) : DnsRecord(Name, DnsType.SRV);

internal sealed record TextRecord(string Name, string Text) : DnsRecord(Name, DnsType.TXT);

/// <summary>Start of authority; its minimum says how long a negative answer holds.</summary>
internal sealed record AuthorityRecord(string Name, string Server, string Mailbox, uint Serial) : DnsRecord(Name, DnsType.SOA);
