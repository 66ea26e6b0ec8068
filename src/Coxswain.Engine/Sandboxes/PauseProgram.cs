using Coxswain.Linux.Files;

namespace Coxswain.Engine.Sandboxes;

/// <summary>
/// The first process of a pid namespace that several containers share. It does nothing but wait; children it inherits are reaped by the
/// kernel, as it ignores their end. A program of our own, so that no image is needed.
/// </summary>
public static class PauseProgram
{
    public const string Path = "/pause";

    private const UnixFileMode Mode =
        UnixFileMode.UserRead | UnixFileMode.UserExecute | UnixFileMode.GroupRead | UnixFileMode.GroupExecute
        | UnixFileMode.OtherRead | UnixFileMode.OtherExecute;

    private const int LoadAddress = 0x400000;
    private const int HeaderSize = 0x78;

    /// <summary>
    /// x86-64: rt_sigaction(SIGCHLD, {SIG_IGN}, NULL, 8), then pause() for ever. The four words at the end are the sigaction.
    /// </summary>
    private static readonly byte[] Code =
    [
        0xB8, 0x0D, 0x00, 0x00, 0x00, // mov eax, 13
        0xBF, 0x11, 0x00, 0x00, 0x00, // mov edi, 17
        0x48, 0x8D, 0x35, 0x13, 0x00, 0x00, 0x00, // lea rsi, [rip + 19]
        0x31, 0xD2, // xor edx, edx
        0x41, 0xBA, 0x08, 0x00, 0x00, 0x00, // mov r10d, 8
        0x0F, 0x05, // syscall
        0xB8, 0x22, 0x00, 0x00, 0x00, // wait: mov eax, 34
        0x0F, 0x05, // syscall
        0xEB, 0xF7, // jmp wait
        0x01, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
        0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
        0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
        0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
    ];

    /// <summary>
    /// Makes a root that holds nothing else, or mends one that a power cut damaged. Idempotent; on a file system that may run
    /// programs. One caller a directory at a time.
    /// </summary>
    public static void WriteRoot(string directory)
    {
        var file = System.IO.Path.Join(directory, Path);
        var program = Build();
        Directory.CreateDirectory(directory);
        if (DurableFile.Read(file, out var present) != DurableRead.Whole || !present.AsSpan().SequenceEqual(program))
        {
            DurableFile.Write(file, program, Mode);
        }
    }

    /// <summary>An ELF executable of one segment that is all of the file.</summary>
    private static byte[] Build()
    {
        var stream = new MemoryStream();
        using var writer = new BinaryWriter(stream);
        long size = HeaderSize + Code.Length;
        writer.Write([0x7F, (byte)'E', (byte)'L', (byte)'F', 2, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
        writer.Write((ushort)2); // An executable,
        writer.Write((ushort)62); // for x86-64.
        writer.Write(1);
        writer.Write((long)LoadAddress + HeaderSize); // Where it begins.
        writer.Write(64L); // Where the program headers are.
        writer.Write(0L);
        writer.Write(0);
        writer.Write((ushort)64);
        writer.Write((ushort)56);
        writer.Write((ushort)1);
        writer.Write(new byte[6]); // No sections: size, count and the index of their names are all 0.
        writer.Write(1); // To be loaded,
        writer.Write(5); // read and run.
        writer.Write(0L);
        writer.Write((long)LoadAddress);
        writer.Write((long)LoadAddress);
        writer.Write(size);
        writer.Write(size);
        writer.Write(0x1000L);
        writer.Write(Code);
        writer.Flush();
        return stream.ToArray();
    }
}
