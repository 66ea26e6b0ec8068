using System.IO.Pipelines;
using System.Threading.Channels;
using Coxswain.Api.Meta.V1;

namespace Coxswain.Node.Streaming.Commands;

/// <summary>The streams between a client and a command, whatever the protocol.</summary>
internal interface ICommandStreams
{
    /// <summary>What the client sends, until it ends that; null when it asked for no input.</summary>
    PipeReader? Input { get; }

    /// <summary>Sizes of the client's terminal; only the newest one waits.</summary>
    ChannelReader<TerminalSize> Sizes { get; }

    /// <summary>Cancelled when the client is gone.</summary>
    CancellationToken Gone { get; }

    ValueTask WriteAsync(bool isError, ReadOnlyMemory<byte> data, CancellationToken cancellationToken);

    /// <summary>Ends the output, says how the command ended, and waits a while for the client to have taken it all.</summary>
    Task FinishAsync(Status status, CancellationToken cancellationToken);
}
