using System.Text.Json.Serialization.Metadata;
using Coxswain.Linux.Files;

namespace Coxswain.Linux.Tests.Files;

public sealed class DurableFileTests : IDisposable
{
    private static readonly JsonTypeInfo<int[]> Numbers =
        (JsonTypeInfo<int[]>)new System.Text.Json.JsonSerializerOptions { TypeInfoResolver = new DefaultJsonTypeInfoResolver() }
            .GetTypeInfo(typeof(int[]));

    private readonly ScratchTree _scratch = new();

    public void Dispose() => _scratch.Dispose();

    [Fact]
    public void Write_Again_ReplacesContentAndMode()
    {
        var path = _scratch.Path("file");
        DurableFile.Write(path, "old"u8, (UnixFileMode)0x1FF);
        FileNodes.MakeSymbolicLink("/etc/passwd", path + ".new");

        DurableFile.Write(path, "new"u8);

        Assert.Equal("new", File.ReadAllText(path));
        Assert.Equal(0x180u, FileStatus.Read(path).Permissions);
        Assert.Equal(["file"], FileNodes.Names(_scratch.Root));
    }

    [Fact]
    public void Write_DiskIsFull_LeavesTheOldFileAndNothingElse()
    {
        var mount = _scratch.MakeDirectory("small");
        _scratch.MountTmpfs("small", "size=64k");
        var path = Path.Combine(mount, "file");
        DurableFile.Write(path, "old"u8);

        var exception = Assert.Throws<LinuxException>(() => DurableFile.Write(path, new byte[1 << 20]));

        Assert.True(LinuxException.IsOutOfSpace(exception));
        Assert.Equal("old", File.ReadAllText(path));
        Assert.Equal(["file"], FileNodes.Names(mount));
        Assert.True(LinuxException.IsOutOfSpace(
            Assert.ThrowsAny<IOException>(() => File.WriteAllBytes(Path.Combine(mount, "other"), new byte[1 << 20]))));
    }

    [Theory]
    [InlineData("", DurableRead.Damaged)]
    [InlineData("\0\0\0\0", DurableRead.Damaged)]
    [InlineData("[1,", DurableRead.Damaged)]
    [InlineData("null", DurableRead.Damaged)]
    [InlineData("[1,2]", DurableRead.Whole)]
    public void ReadJson_WhatACrashLeaves_IsTold(string content, DurableRead expected)
    {
        var path = _scratch.MakeFile("file", content);

        Assert.Equal(expected, DurableFile.ReadJson(path, Numbers, out var value));
        Assert.Equal(expected == DurableRead.Whole ? [1, 2] : null, value);
        Assert.Equal(DurableRead.Missing, DurableFile.ReadJson(_scratch.Path("missing"), Numbers, out _));
    }

    [Fact]
    public void Read_LargerThanAllowed_IsDamaged()
    {
        var path = _scratch.MakeFile("file", "12345");

        Assert.Equal(DurableRead.Whole, DurableFile.Read(path, out _, mostBytes: 5));
        Assert.Equal(DurableRead.Damaged, DurableFile.Read(path, out _, mostBytes: 4));
    }

    [Theory]
    [InlineData(new byte[] { 0xFF })]
    [InlineData(new byte[] { 0xC3, 0x28, 0xED, 0xB2, 0x80 })]
    [InlineData(new byte[] { 0xF0, 0x9F, 0x98, 0x80, 0xF0, 0x9F })]
    public void RawName_AnyBytes_ComeBack(byte[] bytes)
    {
        var name = RawName.FromBytes(bytes);

        Assert.Equal(bytes, RawName.ToBytes(name));
        Assert.False(RawName.IsUtf8(name));
    }
}
