using System.IO.Pipelines;
using System.Text;
using Coxswain.Engine.Logs;

namespace Coxswain.Engine.Tests.Logs;

public sealed class LogReaderTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("coxswain-log-").FullName;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public async Task Read_All_JoinsPartialLines() =>
        Assert.Equal("one\ntwo\nthree\n", await ReadAsync(new LogOptions()));

    [Fact]
    public async Task Read_Tail_ShowsTheLastLines() =>
        Assert.Equal("three\n", await ReadAsync(new LogOptions { TailLines = 1 }));

    [Fact]
    public async Task Read_Since_LeavesOutOlderLines() =>
        Assert.Equal("three\n", await ReadAsync(new LogOptions { Since = new DateTimeOffset(2026, 1, 1, 0, 0, 3, TimeSpan.Zero) }));

    [Fact]
    public async Task Read_Timestamps_PutsThemFirst() =>
        Assert.StartsWith("2026-01-01T00:00:01.000000000Z one\n", await ReadAsync(new LogOptions(), timestamps: true), StringComparison.Ordinal);

    [Fact]
    public async Task Read_Limit_CutsTheOutput() =>
        Assert.Equal("one\nt", await ReadAsync(new LogOptions { LimitBytes = 5 }));

    [Fact]
    public async Task Follow_Rotation_GoesOnInTheNewFile()
    {
        var path = Path.Combine(_directory, "1.log");
        await File.WriteAllTextAsync(path, "2026-01-01T00:00:01.000000000Z stdout F one\n");
        using var stopping = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        var pipe = new Pipe();
        await using var output = pipe.Writer.AsStream();
        using var reader = new StreamReader(pipe.Reader.AsStream());
        var following = new LogReader(TimeProvider.System).ReadAsync(path, new LogOptions { Follow = true }, new PlainLogFormat(timestamps: false), output, () => false, stopping.Token);
        Assert.Equal("one", await reader.ReadLineAsync(stopping.Token));

        var aside = path + ".20260101-000000";
        File.Move(path, aside);
        await File.AppendAllTextAsync(aside, "2026-01-01T00:00:02.000000000Z stdout F two\n");
        Assert.Equal("two", await reader.ReadLineAsync(stopping.Token));

        // Until the writer has opened the new file it writes to the old one.
        await File.AppendAllTextAsync(aside, "2026-01-01T00:00:03.000000000Z stdout F three\n");
        Assert.Equal("three", await reader.ReadLineAsync(stopping.Token));
        await File.WriteAllTextAsync(path, "2026-01-01T00:00:04.000000000Z stdout F four, in a file longer than the old one by far and by design\n");
        Assert.StartsWith("four", await reader.ReadLineAsync(stopping.Token), StringComparison.Ordinal);
        await stopping.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => following);
    }

    [Fact]
    public async Task Read_Until_LeavesOutLaterLines() =>
        Assert.Equal("one\ntwo\n", await ReadAsync(new LogOptions { Until = new DateTimeOffset(2026, 1, 1, 0, 0, 2, TimeSpan.Zero) }));

    [Fact]
    public async Task Read_OneStream_LeavesOutTheOther() =>
        Assert.Equal("one\nthree\n", await ReadAsync(new LogOptions { Stderr = false }));

    [Theory]
    [InlineData(null, "a\nb\nc\nd\n")]
    [InlineData(1L, "d\n")]
    [InlineData(3L, "b\nc\nd\n")]
    [InlineData(9L, "a\nb\nc\nd\n")]
    public async Task Read_OldFiles_AreTheBeginning(long? tail, string expected)
    {
        var path = Path.Combine(_directory, "2.log");
        await File.WriteAllTextAsync(path + ".20260101-000001", Line("a"));
        await File.WriteAllTextAsync(path + ".20260101-000002", Line("b") + Line("c"));
        await File.WriteAllTextAsync(path + ".tmp", Line("conmon's own"));
        await File.WriteAllTextAsync(path, Line("d"));
        Assert.Equal(expected, await ReadFileAsync(path, new LogOptions { OldFiles = true, TailLines = tail }));
        Assert.Equal("d\n", await ReadFileAsync(path, new LogOptions { TailLines = tail }));
    }

    [Fact]
    public async Task Read_BetweenTwoFiles_TakesTheOneJustPutAside()
    {
        var path = Path.Combine(_directory, "3.log");
        await File.WriteAllTextAsync(path + ".20260101-000001", Line("a"));
        await File.WriteAllTextAsync(path + ".20260101-000002", Line("b") + Line("c"));
        Assert.Equal("c\n", await ReadFileAsync(path, new LogOptions { TailLines = 1 }));
    }

    [Fact]
    public async Task Read_LineWithoutAnEnd_IsPassedOver()
    {
        var path = Path.Combine(_directory, "4.log");
        await File.WriteAllTextAsync(path, Line("a") + Line(new string('x', LogLines.LongestLine)) + Line("b"));
        Assert.Equal("a\nb\n", await ReadFileAsync(path, new LogOptions()));
    }

    private static string Line(string text) => $"2026-01-01T00:00:01.000000000Z stdout F {text}\n";

    private static async Task<string> ReadFileAsync(string path, LogOptions options)
    {
        using var output = new MemoryStream();
        await new LogReader(TimeProvider.System).ReadAsync(
            path, options, new PlainLogFormat(timestamps: false), output, () => true, CancellationToken.None);
        return Encoding.UTF8.GetString(output.ToArray());
    }

    private async Task<string> ReadAsync(LogOptions options, bool timestamps = false)
    {
        var path = Path.Combine(_directory, "0.log");
        await File.WriteAllTextAsync(path, """
            2026-01-01T00:00:01.000000000Z stdout F one
            2026-01-01T00:00:02.000000000Z stderr P t
            2026-01-01T00:00:02.000000000Z stderr F wo
            2026-01-01T00:00:03.000000000Z stdout F three

            """);
        using var output = new MemoryStream();
        await new LogReader(TimeProvider.System).ReadAsync(path, options, new PlainLogFormat(timestamps), output, () => true, CancellationToken.None);
        return Encoding.UTF8.GetString(output.ToArray());
    }
}
