using Microsoft.Extensions.Logging;

namespace Coxswain.Node.Nodes;

/// <summary>How willingly the kernel's OOM killer takes this process.</summary>
internal static partial class OwnOomScore
{
    private const string File = "/proc/self/oom_score_adj";

    /// <summary>The kubelet's: after every container, but not never.</summary>
    private const string Score = "-999";

    public static void Lower(ILogger logger)
    {
        try
        {
            System.IO.File.WriteAllText(File, Score);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            Log.NotLowered(logger, exception.Message);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Warning, "This process is not kept from the OOM killer: {Reason}")]
        public static partial void NotLowered(ILogger logger, string reason);
    }
}
