using System.Text;
using Coxswain.Verbs.Images;

namespace Coxswain.Tests.Verbs;

public class CommandFramesTests
{
    [Fact]
    public async Task ReadAsync_WhatWasWritten_ComesApartByStream()
    {
        var connection = new MemoryStream();
        var frames = new CommandFrames(connection);
        frames.Writer(FrameKind.Output).WriteLine("one");
        frames.Writer(FrameKind.Error).WriteLine("wrong");
        var large = new byte[3_000_000];
        new Random(1).NextBytes(large);
        frames.OutputStream().Write(large);
        frames.Write(FrameKind.Exit, "7"u8);
        connection.Position = 0;
        var output = new MemoryStream();
        var error = new MemoryStream();

        var code = await CommandFrames.ReadAsync(connection, output, error, default);

        Assert.Equal(7, code);
        Assert.Equal([.. "one\n"u8, .. large], output.ToArray());
        Assert.Equal("wrong\n", Encoding.UTF8.GetString(error.ToArray()));
    }

    [Theory]
    [InlineData(new byte[] { 1, 0, 0, 0, 0, 0, 0 })]
    [InlineData(new byte[] { 1, 0, 0, 0, 0x7f, 0xff, 0xff, 0xff })]
    [InlineData(new byte[] { 9, 0, 0, 0, 0, 0, 0, 1, 65 })]
    public async Task ReadAsync_ConnectionThatEndsOrSaysSomethingElse_IsAnError(byte[] sent)
    {
        await Assert.ThrowsAsync<InvalidDataException>(
            () => CommandFrames.ReadAsync(new MemoryStream(sent), Stream.Null, Stream.Null, default));
    }
}
