using System.Buffers;
using System.Buffers.Text;
using Coxswain.Store;

namespace Coxswain.ApiServer.Documents;

/// <summary>Copies stored objects into answers, splicing in the resourceVersion that the stored bytes leave out.</summary>
internal static class ObjectWriter
{
    private static ReadOnlySpan<byte> VersionOpening => "\"resourceVersion\":\""u8;

    /// <summary>The length of what <see cref="Write"/> writes.</summary>
    public static int Length(StoreEntry entry, long revision) =>
        entry.Value.Length + (revision == 0 ? 0 : VersionOpening.Length + DigitsOf(revision) + 2);

    /// <param name="revision">The resourceVersion to show; 0 for an object that was not stored.</param>
    public static void Write(IBufferWriter<byte> output, StoreEntry entry, long revision)
    {
        if (revision == 0)
        {
            output.Write(entry.Value.Span);
            return;
        }

        var value = entry.Value.Span;
        var opening = Document.Opening.Length;
        output.Write(value[..opening]);
        output.Write(VersionOpening);
        WriteNumber(output, revision);
        output.Write("\","u8);
        output.Write(value[opening..]);
    }

    public static byte[] ToArray(StoreEntry entry, long revision)
    {
        var output = new ArrayBufferWriter<byte>(Length(entry, revision));
        Write(output, entry, revision);
        return output.WrittenSpan.ToArray();
    }

    public static void WriteNumber(IBufferWriter<byte> output, long number)
    {
        var span = output.GetSpan(20);
        Utf8Formatter.TryFormat(number, span, out var written);
        output.Advance(written);
    }

    private static int DigitsOf(long number)
    {
        var digits = 1;
        while ((number /= 10) > 0)
        {
            digits++;
        }

        return digits;
    }
}
