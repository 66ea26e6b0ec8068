namespace Coxswain.Node.Streaming.Commands;

/// <summary>The versions of the remote command protocol, by the names clients ask for.</summary>
internal static class CommandProtocols
{
    public static readonly IReadOnlyList<string> Spdy = ["v4.channel.k8s.io", "v3.channel.k8s.io", "v2.channel.k8s.io", "channel.k8s.io"];

    public static readonly IReadOnlyList<string> WebSocket =
        ["v5.channel.k8s.io", "v4.channel.k8s.io", "v4.base64.channel.k8s.io", "channel.k8s.io", "base64.channel.k8s.io"];

    public static bool HasStatus(string protocol) => protocol.StartsWith("v4.", StringComparison.Ordinal) || HasClose(protocol);

    public static bool HasResize(string protocol) => HasStatus(protocol) || protocol.StartsWith("v3.", StringComparison.Ordinal);

    /// <summary>Whether a client can say that it ends one channel.</summary>
    public static bool HasClose(string protocol) => protocol.StartsWith("v5.", StringComparison.Ordinal);

    public static bool IsBase64(string protocol) => protocol.Contains("base64", StringComparison.Ordinal);
}
