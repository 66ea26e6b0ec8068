using System.Buffers.Binary;

namespace Coxswain.Node.Streaming.Spdy;

/// <summary>The kinds of control frames, by their numbers.</summary>
internal enum SpdyFrameType : ushort
{
    SynStream = 1,
    SynReply = 2,
    RstStream = 3,
    Settings = 4,
    Ping = 6,
    GoAway = 7,
    Headers = 8,
    WindowUpdate = 9,
}

/// <summary>The eight bytes every frame begins with.</summary>
/// <param name="Type">For a control frame.</param>
/// <param name="StreamId">For a data frame.</param>
internal readonly record struct SpdyFrameHeader(bool IsControl, SpdyFrameType Type, uint StreamId, byte Flags, int Length)
{
    public const int Size = 8;
    public const byte Fin = 1;

    private const ushort Version = 3;
    private const uint StreamIdMask = 0x7FFFFFFF;

    public bool IsFin => (Flags & Fin) != 0;

    /// <exception cref="SpdyException">It is of another version.</exception>
    public static SpdyFrameHeader Read(ReadOnlySpan<byte> bytes)
    {
        var first = BinaryPrimitives.ReadUInt32BigEndian(bytes);
        var second = BinaryPrimitives.ReadUInt32BigEndian(bytes[4..]);
        var isControl = first >> 31 != 0;
        if (isControl && ((first >> 16) & 0x7FFF) != Version)
        {
            throw new SpdyException($"SPDY version {(first >> 16) & 0x7FFF} is not spoken");
        }

        return new SpdyFrameHeader(
            isControl, isControl ? (SpdyFrameType)(first & 0xFFFF) : default, isControl ? 0 : first & StreamIdMask, (byte)(second >> 24),
            (int)(second & 0xFFFFFF));
    }

    public static uint ReadStreamId(ReadOnlySpan<byte> payload) => BinaryPrimitives.ReadUInt32BigEndian(payload) & StreamIdMask;

    public static void WriteData(Span<byte> bytes, uint streamId, byte flags, int length)
    {
        BinaryPrimitives.WriteUInt32BigEndian(bytes, streamId);
        BinaryPrimitives.WriteUInt32BigEndian(bytes[4..], ((uint)flags << 24) | (uint)length);
    }

    public static void WriteControl(Span<byte> bytes, SpdyFrameType type, byte flags, int length)
    {
        BinaryPrimitives.WriteUInt32BigEndian(bytes, 0x80000000 | (Version << 16) | (uint)type);
        BinaryPrimitives.WriteUInt32BigEndian(bytes[4..], ((uint)flags << 24) | (uint)length);
    }
}
