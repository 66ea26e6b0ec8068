using System.Text;

namespace Coxswain.Node.Runtime;

/// <param name="Output">Standard output and error together, the first part of it.</param>
internal sealed record ExecResult(int ExitCode, string Output);

internal static class RuntimeExtensions
{
    private const int OutputLimitBytes = 10 * 1024; // What the kubelet keeps of a probe's output.

    /// <summary>Runs a command to its end. Cancellation kills it.</summary>
    public static async Task<ExecResult> ExecSyncAsync(
        this IPodRuntime runtime, string containerId, IReadOnlyList<string> command, CancellationToken cancellationToken)
    {
        await using var exec = await runtime.ExecAsync(containerId, new ExecRequest(command), cancellationToken);
        var output = new MemoryStream();
        var copies = new[] { CopyAsync(exec.Output, output, cancellationToken), exec.Error is { } error ? CopyAsync(error, output, cancellationToken) : Task.CompletedTask };
        await Task.WhenAll(copies);
        var code = await exec.Exited.WaitAsync(cancellationToken);
        return new ExecResult(code, Encoding.UTF8.GetString(output.GetBuffer(), 0, (int)output.Length));
    }

    private static async Task CopyAsync(Stream from, MemoryStream to, CancellationToken cancellationToken)
    {
        var buffer = new byte[4096];
        int read;
        while ((read = await from.ReadAsync(buffer, cancellationToken)) > 0)
        {
            lock (to)
            {
                to.Write(buffer, 0, (int)Math.Min(read, Math.Max(0, OutputLimitBytes - to.Length)));
            }
        }
    }
}
