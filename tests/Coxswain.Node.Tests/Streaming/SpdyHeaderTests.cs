using System.Buffers.Binary;
using System.IO.Compression;
using Coxswain.Node.Streaming.Spdy;

namespace Coxswain.Node.Tests.Streaming;

public sealed class SpdyHeaderTests : IDisposable
{
    // What zlib makes at its best compression with SPDY's dictionary, as Go's clients do: two blocks of one connection.
    private const string First = "ePnjxqfCAiU6cDorKUpNzIUWJaypoICGFMtF4BxgYWBhAKQ5iyDRmAlK3owGAAAAAP//";
    private const string Second = "wqoZVA4lEtYLAAAA//8=";

    private readonly SpdyHeaderReader _reader = new();

    public void Dispose() => _reader.Dispose();

    [Fact]
    public void Read_BlocksWithTheDictionary_AreReadInOrder()
    {
        var first = _reader.Read(Convert.FromBase64String(First));
        var second = _reader.Read(Convert.FromBase64String(Second));
        Assert.Equal([("port", "8080"), ("requestid", "0"), ("streamtype", "error")], Sorted(first));
        Assert.Equal([("port", "8080"), ("requestid", "0"), ("streamtype", "data")], Sorted(second));
    }

    [Fact]
    public void Read_WhatWasWritten_IsTheSame()
    {
        using var writer = new SpdyHeaderWriter();
        for (var i = 0; i < 3; i++)
        {
            var headers = new Dictionary<string, string> { ["streamType"] = "stdin", ["round"] = new string((char)('a' + i), 300) };
            Assert.Equal([("round", headers["round"]), ("streamtype", "stdin")], Sorted(_reader.Read(writer.Write(headers))));
        }
    }

    [Fact]
    public void Read_MoreThanABlockMayHave_IsRefused()
    {
        using var writer = new SpdyHeaderWriter();
        var block = writer.Write(new Dictionary<string, string> { ["long"] = new('x', SpdyHeaderReader.MostBytes) });
        Assert.True(block.Length < 4096);
        Assert.Throws<SpdyException>(() => _reader.Read(block));
    }

    [Fact]
    public void Read_MoreHeadersThanABlockMayHave_IsRefused()
    {
        using var writer = new SpdyHeaderWriter();
        var headers = Enumerable.Range(0, SpdyHeaderReader.MostHeaders + 1).ToDictionary(number => $"h{number}", _ => "");
        Assert.Throws<SpdyException>(() => _reader.Read(writer.Write(headers)));
    }

    [Fact]
    public void Read_BytesBehindTheLastHeader_AreRefused()
    {
        using var compressed = new MemoryStream();
        using (var deflater = new ZLibStream(compressed, CompressionLevel.Fastest, leaveOpen: true))
        {
            var count = new byte[5];
            BinaryPrimitives.WriteInt32BigEndian(count, 0);
            deflater.Write(count);
        }

        Assert.Throws<SpdyException>(() => _reader.Read(compressed.ToArray()));
    }

    [Theory]
    [InlineData("")]
    [InlineData("eLs=")]
    [InlineData("eJwAAAAAAAAA")]
    public void Read_NoBlock_IsRefused(string base64) =>
        Assert.Throws<SpdyException>(() => _reader.Read(Convert.FromBase64String(base64)));

    private static IEnumerable<(string Name, string Value)> Sorted(IReadOnlyDictionary<string, string> headers) =>
        headers.Select(header => (header.Key, header.Value)).OrderBy(header => header.Key, StringComparer.Ordinal);
}
