using System.Text;
using Coxswain.Linux.Files;

namespace Coxswain.Engine.Containers.Tasks;

/// <summary>Tells a running conmon things, through the FIFO it reads in its bundle.</summary>
internal static class ConmonControl
{
    public static Task ResizeAsync(string bundle, TerminalSize size, CancellationToken cancellationToken) =>
        SendAsync(bundle, $"1 {size.Rows} {size.Columns}\n", cancellationToken);

    public static Task ReopenLogAsync(string bundle, CancellationToken cancellationToken) =>
        SendAsync(bundle, "2 0 0\n", cancellationToken);

    private static Task SendAsync(string bundle, string message, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        // Nobody reads it once the container has ended, and then there is nothing to tell.
        Fifo.Write(Path.Combine(bundle, "ctl"), Encoding.ASCII.GetBytes(message));
        return Task.CompletedTask;
    }
}
