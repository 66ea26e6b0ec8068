using System.IO.Pipelines;

namespace Coxswain.Node.Streaming.Channels;

/// <summary>Holds what was received on a channel until it is taken.</summary>
internal static class ChannelPipe
{
    /// <summary>With so much waiting the client is not read from.</summary>
    public const int MostBufferedBytes = 256 * 1024;

    public static Pipe Bounded() => new(new PipeOptions(
        pauseWriterThreshold: MostBufferedBytes, resumeWriterThreshold: MostBufferedBytes / 2, minimumSegmentSize: 32 * 1024,
        useSynchronizationContext: false));
}
