using System.Runtime.InteropServices;

namespace Coxswain.Linux.Interop;

/// <summary>Calls about whole file systems.</summary>
internal static unsafe partial class LibC
{
    [LibraryImport(Library, SetLastError = true, StringMarshallingCustomType = typeof(PathMarshaller))]
    public static partial int statvfs(string path, StatVfs* status);

    /// <summary>As glibc has it on x86-64.</summary>
    [StructLayout(LayoutKind.Sequential, Size = 112)]
    public struct StatVfs
    {
        public ulong BlockSize;
        public ulong FragmentSize;
        public ulong Blocks;
        public ulong BlocksFree;
        public ulong BlocksAvailable;
        public ulong Files;
        public ulong FilesFree;
    }
}
