using Coxswain.Api.Core.V1;

namespace Coxswain.Network.Policies;

internal static class PolicyProtocols
{
    /// <summary>The protocol in nft's words; TCP when nothing is said.</summary>
    public static string Of(string? protocol) => protocol switch
    {
        Protocol.UDP => "udp",
        Protocol.SCTP => "sctp",
        _ => "tcp",
    };
}
