using Coxswain.Engine.Sandboxes;

namespace Coxswain.Engine.Tests.Sandboxes;

public sealed class PauseProgramTests : IDisposable
{
    private const UnixFileMode ReadAndRun =
        UnixFileMode.UserRead | UnixFileMode.UserExecute | UnixFileMode.GroupRead | UnixFileMode.GroupExecute
        | UnixFileMode.OtherRead | UnixFileMode.OtherExecute;

    private readonly string _directory = Directory.CreateTempSubdirectory("coxswain-pause-").FullName;

    private string Program => Path.Join(_directory, PauseProgram.Path);

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Theory]
    [InlineData(0)]
    [InlineData(40)]
    public void WriteRoot_ProgramTornByAPowerCut_IsWrittenAnew(int length)
    {
        PauseProgram.WriteRoot(_directory);
        var whole = File.ReadAllBytes(Program);
        File.SetUnixFileMode(Program, ReadAndRun | UnixFileMode.UserWrite);
        File.WriteAllBytes(Program, whole[..length]);

        PauseProgram.WriteRoot(_directory);

        Assert.Equal(whole, File.ReadAllBytes(Program));
        Assert.Equal(ReadAndRun, File.GetUnixFileMode(Program));
        Assert.Equal([Program], Directory.GetFiles(_directory));
    }

    [Fact]
    public void WriteRoot_Again_LeavesTheProgramThatRuns()
    {
        PauseProgram.WriteRoot(_directory);
        var before = File.GetLastWriteTimeUtc(Program);

        PauseProgram.WriteRoot(_directory);

        Assert.Equal(before, File.GetLastWriteTimeUtc(Program));
    }
}
