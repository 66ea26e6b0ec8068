using System.Buffers;
using System.IO.Pipelines;
using Coxswain.ApiServer.Resources;
using Coxswain.Store;

namespace Coxswain.ApiServer.Http;

/// <summary>A list as it is sent: what comes before the items, then each of them, then the end of both.</summary>
/// <param name="Head">Up to and with the opening of the items.</param>
/// <param name="WriteItem">Writes one of the page's entries.</param>
internal readonly record struct ListBody(ReadOnlyMemory<byte> Head, ListPage Page, Action<IBufferWriter<byte>, StoreEntry> WriteItem)
{
    /// <summary>How much is handed to the connection at a time.</summary>
    private const int FlushBytes = 128 * 1024;

    private static ReadOnlySpan<byte> Ending => "]}"u8;

    /// <summary>Handed over piece by piece, so that no list is ever whole in memory once more.</summary>
    public async Task WriteAsync(PipeWriter output, CancellationToken cancellationToken)
    {
        output.Write(Head.Span);
        var pending = Head.Length;
        for (var i = 0; i < Page.Entries.Count; i++)
        {
            Write(output, i);
            pending += Page.Entries[i].Value.Length;
            if (pending >= FlushBytes)
            {
                pending = 0;
                if ((await output.FlushAsync(cancellationToken)).IsCompleted)
                {
                    return;
                }
            }
        }

        output.Write(Ending);
        await output.FlushAsync(cancellationToken);
    }

    /// <summary>At once, for forms that are made of the whole.</summary>
    public void Write(IBufferWriter<byte> output)
    {
        output.Write(Head.Span);
        for (var i = 0; i < Page.Entries.Count; i++)
        {
            Write(output, i);
        }

        output.Write(Ending);
    }

    private void Write(IBufferWriter<byte> output, int index)
    {
        if (index > 0)
        {
            output.Write(","u8);
        }

        WriteItem(output, Page.Entries[index]);
    }
}
