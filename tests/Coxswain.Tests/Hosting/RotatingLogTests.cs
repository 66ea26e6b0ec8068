using Coxswain.Hosting;

namespace Coxswain.Tests.Hosting;

public sealed class RotatingLogTests : IDisposable
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("coxswain-log-");

    private string FilePath => Path.Combine(_directory.FullName, "server.log");

    public void Dispose() => _directory.Delete(recursive: true);

    [Fact]
    public void Write_MoreThanTheBound_KeepsTheLastTwoFiles()
    {
        using (var log = new RotatingLog(FilePath, mostBytes: 1000))
        {
            for (var i = 0; i < 1000; i++)
            {
                log.WriteLine($"line {i} of a log that grows and grows");
            }
        }

        var files = _directory.GetFiles();
        Assert.Equal(["server.log", "server.log.1"], files.Select(file => file.Name).Order());
        Assert.All(files, file => Assert.InRange(file.Length, 1, 1100));
        var lines = File.ReadLines(FilePath + ".1").Concat(File.ReadLines(FilePath)).ToList();
        Assert.StartsWith("line 999 ", lines[^1], StringComparison.Ordinal);
        Assert.All(lines, line => Assert.StartsWith("line ", line, StringComparison.Ordinal));
    }

    [Fact]
    public void Write_FileOfAnEarlierServer_IsAppendedTo()
    {
        File.WriteAllText(FilePath, "before\n");
        using (var log = new RotatingLog(FilePath))
        {
            log.WriteLine("after");
        }

        Assert.Equal("before\nafter\n", File.ReadAllText(FilePath));
    }
}
