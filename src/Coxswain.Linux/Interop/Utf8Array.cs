using System.Runtime.InteropServices;

namespace Coxswain.Linux.Interop;

/// <summary>A null-terminated array of C strings, as exec wants its arguments and environment.</summary>
internal sealed unsafe class Utf8Array : IDisposable
{
    private readonly byte** _array;
    private readonly int _count;

    public Utf8Array(IReadOnlyList<string> strings)
    {
        _count = strings.Count;
        _array = (byte**)NativeMemory.AllocZeroed((nuint)(_count + 1), (nuint)sizeof(byte*));
        for (var i = 0; i < _count; i++)
        {
            _array[i] = (byte*)Marshal.StringToCoTaskMemUTF8(strings[i]);
        }
    }

    public byte** Pointer => _array;

    public void Dispose()
    {
        for (var i = 0; i < _count; i++)
        {
            Marshal.FreeCoTaskMem((nint)_array[i]);
        }

        NativeMemory.Free(_array);
    }
}
