using Coxswain.Linux.Files;
using Coxswain.Linux.Processes;

namespace Coxswain.Linux.Tests.Files;

public sealed class PseudoTerminalTests
{
    [Fact]
    public async Task Write_AfterDispose_GoesToNoOtherFile()
    {
        using var events = new KernelEvents();
        var terminal = new PseudoTerminal(events);
        var stream = terminal.Stream;
        var waiting = stream.ReadAsync(new byte[1]);
        terminal.Dispose();
        Assert.Equal(0, await waiting);
        // One of these has the terminal's number now.
        var path = Path.GetTempFileName();
        var files = Enumerable.Range(0, 64).Select(_ => new FileStream(path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite)).ToList();
        try
        {
            await Assert.ThrowsAsync<ObjectDisposedException>(() => stream.WriteAsync("for the terminal"u8.ToArray()).AsTask());
            Assert.Throws<ObjectDisposedException>(() => terminal.Resize(80, 25));
            Assert.Equal(0, await stream.ReadAsync(new byte[1]));
        }
        finally
        {
            files.ForEach(file => file.Dispose());
        }

        Assert.Equal(0, new FileInfo(path).Length);
        File.Delete(path);
    }
}
