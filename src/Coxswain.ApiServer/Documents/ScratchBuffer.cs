using System.Buffers;

namespace Coxswain.ApiServer.Documents;

/// <summary>A buffer to encode into, one a thread, so that only the result is new. Whoever takes it copies the result before anybody else can take it.</summary>
internal static class ScratchBuffer
{
    /// <summary>A larger one, which few documents need, is not kept.</summary>
    private const int MostKeptBytes = 64 * 1024;

    [ThreadStatic]
    private static ArrayBufferWriter<byte>? _kept;

    /// <summary>Empty, and this thread's until it takes another.</summary>
    public static ArrayBufferWriter<byte> Take()
    {
        if (_kept is null || _kept.Capacity > MostKeptBytes)
        {
            _kept = new ArrayBufferWriter<byte>(4096);
        }

        _kept.ResetWrittenCount();
        return _kept;
    }
}
