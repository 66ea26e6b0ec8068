namespace Coxswain.Network;

/// <summary>Our own annotations on objects that concern the network.</summary>
public static class NetworkAnnotations
{
    /// <summary>On a Service whose address something on the node itself listens on: the proxy leaves it alone.</summary>
    public const string ServedLocally = "coxswain.dev/served-locally";
}
