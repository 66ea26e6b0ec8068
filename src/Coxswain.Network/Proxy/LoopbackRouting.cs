using Microsoft.Extensions.Logging;

namespace Coxswain.Network.Proxy;

/// <summary>
/// Lets connections from the node's 127.0.0.1 leave by the bridge, for NodePorts on localhost. Only for that device; what
/// pods could do with it, the proxy's guard rules drop.
/// </summary>
internal static partial class LoopbackRouting
{
    public static void Allow(string bridgeName, ILogger logger)
    {
        try
        {
            File.WriteAllText($"/proc/sys/net/ipv4/conf/{bridgeName}/route_localnet", "1");
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            Log.NotAllowed(logger, bridgeName, exception.Message);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Warning, "NodePorts on 127.0.0.1 will not work, as {Bridge} cannot be set up for it: {Reason}")]
        public static partial void NotAllowed(ILogger logger, string bridge, string reason);
    }
}
