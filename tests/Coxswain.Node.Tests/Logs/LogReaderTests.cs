using System.IO.Pipelines;
using System.Text;
using Coxswain.Node.Logs;

namespace Coxswain.Node.Tests.Logs;

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
        Assert.StartsWith("2026-01-01T00:00:01.000000000Z one\n", await ReadAsync(new LogOptions { Timestamps = true }), StringComparison.Ordinal);

    [Fact]
    public async Task Read_Limit_CutsTheOutput() =>
        Assert.Equal("one\nt", await ReadAsync(new LogOptions { LimitBytes = 5 }));

    [Fact]
    public async Task Follow_Rotation_GoesOnInTheNewFile()
    {
        var path = Path.Combine(_directory, "1.log");
        await File.WriteAllTextAsync(path, "2026-01-01T00:00:01.000000000Z stdout F one\n");
        using var stopping = new CancellationTokenSource();
        var pipe = new Pipe();
        await using var output = pipe.Writer.AsStream();
        using var reader = new StreamReader(pipe.Reader.AsStream());
        var following = new LogReader(TimeProvider.System).ReadAsync(path, new LogOptions { Follow = true }, output, () => false, stopping.Token);
        Assert.Equal("one", await reader.ReadLineAsync(CancellationToken.None));

        File.Move(path, path + ".20260101");
        await File.AppendAllTextAsync(path + ".20260101", "2026-01-01T00:00:02.000000000Z stdout F two\n");
        await File.WriteAllTextAsync(path, "2026-01-01T00:00:03.000000000Z stdout F three, in a file longer than the old one by far and by design\n");
        Assert.Equal("two", await reader.ReadLineAsync(CancellationToken.None));
        Assert.StartsWith("three", await reader.ReadLineAsync(CancellationToken.None), StringComparison.Ordinal);
        await stopping.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => following);
    }

    private async Task<string> ReadAsync(LogOptions options)
    {
        var path = Path.Combine(_directory, "0.log");
        await File.WriteAllTextAsync(path, """
            2026-01-01T00:00:01.000000000Z stdout F one
            2026-01-01T00:00:02.000000000Z stderr P t
            2026-01-01T00:00:02.000000000Z stderr F wo
            2026-01-01T00:00:03.000000000Z stdout F three

            """);
        using var output = new MemoryStream();
        await new LogReader(TimeProvider.System).ReadAsync(path, options, output, () => true, CancellationToken.None);
        return Encoding.UTF8.GetString(output.ToArray());
    }
}
