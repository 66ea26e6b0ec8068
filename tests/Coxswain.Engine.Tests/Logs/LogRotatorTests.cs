using Coxswain.Engine.Logs;
using Microsoft.Extensions.Logging.Abstractions;

namespace Coxswain.Engine.Tests.Logs;

public sealed class LogRotatorTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("coxswain-log-").FullName;

    private string LogFile => Path.Combine(_directory, "0.log");

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public async Task Look_TooLarge_PutsItAsideAndKeepsSoManyFiles()
    {
        foreach (var name in new[] { "20260101-000001", "20260101-000002", "20260101-000003" })
        {
            await File.WriteAllTextAsync($"{LogFile}.{name}", name);
        }

        await File.WriteAllTextAsync(LogFile, "12345");
        var told = await LookAsync(mostBytes: 4, mostFiles: 3);
        Assert.Equal(["c1"], told);
        var old = Directory.EnumerateFiles(_directory).Order(StringComparer.Ordinal).ToList();
        Assert.Equal(2, old.Count);
        Assert.Equal("12345", await File.ReadAllTextAsync(old[1]));
        Assert.EndsWith("20260101-000003", old[0], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Look_SmallEnough_LeavesIt()
    {
        await File.WriteAllTextAsync(LogFile, "1234");
        Assert.Empty(await LookAsync(mostBytes: 4, mostFiles: 3));
        Assert.True(File.Exists(LogFile));
    }

    [Fact]
    public async Task Look_PutAsideButNotMadeAnew_TellsTheWriter()
    {
        await File.WriteAllTextAsync($"{LogFile}.20260101-000001", "text");
        Assert.Equal(["c1"], await LookAsync(mostBytes: 4, mostFiles: 3));
        Assert.True(File.Exists($"{LogFile}.20260101-000001"));
    }

    private async Task<List<string>> LookAsync(long mostBytes, int mostFiles)
    {
        var told = new List<string>();
        var rotator = new LogRotator(
            () => [],
            (id, _) =>
            {
                told.Add(id);
                return Task.CompletedTask;
            },
            TimeProvider.System,
            NullLogger<LogRotator>.Instance);
        await rotator.LookAsync(new RotatedLog("c1", LogFile, mostBytes, mostFiles), CancellationToken.None);
        return told;
    }
}
