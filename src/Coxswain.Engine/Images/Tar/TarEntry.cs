namespace Coxswain.Engine.Images.Tar;

internal enum TarEntryType
{
    File,
    HardLink,
    SymbolicLink,
    CharacterDevice,
    BlockDevice,
    Directory,
    Fifo,
}

/// <summary>The header of one tar entry, with everything a layer keeps. Attribute values are bytes: capabilities are binary.</summary>
internal sealed class TarEntry
{
    public required string Name { get; set; }

    public required TarEntryType Type { get; set; }

    public string LinkName { get; set; } = "";

    public uint Mode { get; set; } = 0x1A4;

    public uint Uid { get; set; }

    public uint Gid { get; set; }

    public long Size { get; set; }

    public long ModifiedSeconds { get; set; }

    public uint ModifiedNanoseconds { get; set; }

    public uint DeviceMajor { get; set; }

    public uint DeviceMinor { get; set; }

    public IReadOnlyList<KeyValuePair<string, byte[]>> Attributes { get; set; } = [];
}
