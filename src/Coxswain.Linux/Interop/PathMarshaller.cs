using System.Runtime.InteropServices;
using System.Runtime.InteropServices.Marshalling;

namespace Coxswain.Linux.Interop;

/// <summary>Hands a path to the kernel as the bytes <see cref="RawName"/> makes of it.</summary>
[CustomMarshaller(typeof(string), MarshalMode.ManagedToUnmanagedIn, typeof(PathMarshaller))]
internal static unsafe class PathMarshaller
{
    public static byte* ConvertToUnmanaged(string? path)
    {
        if (path is null)
        {
            return null;
        }

        var bytes = RawName.ToBytes(path);
        var memory = (byte*)NativeMemory.Alloc((nuint)bytes.Length + 1);
        bytes.CopyTo(new Span<byte>(memory, bytes.Length));
        memory[bytes.Length] = 0;
        return memory;
    }

    public static void Free(byte* memory) => NativeMemory.Free(memory);
}
