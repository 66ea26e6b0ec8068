using System.Buffers.Binary;
using Coxswain.Linux.Interop;

namespace Coxswain.Linux.Files;

/// <summary>A block or character device in the file system.</summary>
/// <param name="Permissions">The nine permission bits.</param>
public sealed record DeviceNode(bool IsBlock, uint Major, uint Minor, uint Permissions, uint Uid, uint Gid)
{
    /// <summary>Null when the path is missing or something else.</summary>
    public static unsafe DeviceNode? Read(string path)
    {
        const uint TypeMask = 0xF000;
        const uint Character = 0x2000;
        const uint Block = 0x6000;
        var buffer = new byte[256];
        fixed (byte* pointer = buffer)
        {
            if (LibC.stat(path, pointer) != 0)
            {
                return null;
            }
        }

        // struct stat of x86-64.
        var mode = BinaryPrimitives.ReadUInt32LittleEndian(buffer.AsSpan(24));
        var device = BinaryPrimitives.ReadUInt64LittleEndian(buffer.AsSpan(40));
        var type = mode & TypeMask;
        return type is not (Character or Block)
            ? null
            : new DeviceNode(
                type == Block,
                (uint)(((device >> 8) & 0xfff) | ((device >> 32) & ~0xfffUL)),
                (uint)((device & 0xff) | ((device >> 12) & ~0xffUL)),
                mode & 0x1ff,
                BinaryPrimitives.ReadUInt32LittleEndian(buffer.AsSpan(28)),
                BinaryPrimitives.ReadUInt32LittleEndian(buffer.AsSpan(32)));
    }
}
