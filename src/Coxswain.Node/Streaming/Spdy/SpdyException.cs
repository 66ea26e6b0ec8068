namespace Coxswain.Node.Streaming.Spdy;

/// <summary>The other side does not keep to the protocol, or to our bounds.</summary>
internal sealed class SpdyException(string message, Exception? cause = null) : IOException(message, cause);
