using System.Text;
using Coxswain.Api.Core.V1;
using Coxswain.Engine.Logs;
using Coxswain.Node.Files;
using Coxswain.Node.Runtime;

namespace Coxswain.Node.Pods;

/// <summary>How attempts ended, with what they left to say.</summary>
/// <param name="runtimeName">The word before <c>://</c> in a containerID.</param>
internal sealed class TerminatedStates(NodePaths paths, string runtimeName)
{
    /// <summary>What the kubelet keeps of a message file, and of a log when that stands in.</summary>
    private const int MaxMessageBytes = 4096;
    private const int MaxLogBytes = 2048;
    private const int MaxLogLines = 80;

    public ContainerStateTerminated Of(ContainerInfo info, Container spec, string podUid) => new()
    {
        ExitCode = info.ExitCode,
        Reason = info.Reason.Length > 0 ? info.Reason : info.OomKilled ? "OOMKilled" : info.ExitCode == 0 ? "Completed" : "Error",
        Message = info.Message.Length > 0 ? info.Message : Text(info, spec, podUid),
        StartedAt = info.StartedAt,
        FinishedAt = info.FinishedAt,
        ContainerID = info.Id.Length > 0 ? $"{runtimeName}://{info.Id}" : "",
    };

    private string Text(ContainerInfo info, Container spec, string podUid)
    {
        try
        {
            var path = paths.TerminationLog(podUid, info.Name, info.Attempt);
            if (File.Exists(path) && new FileInfo(path).Length > 0)
            {
                using var file = File.OpenRead(path);
                file.Position = Math.Max(0, file.Length - MaxMessageBytes); // The last words are what matters.
                var buffer = new byte[MaxMessageBytes];
                return Encoding.UTF8.GetString(buffer, 0, file.ReadAtLeast(buffer, buffer.Length, throwOnEndOfStream: false));
            }

            return spec.TerminationMessagePolicy == TerminationMessagePolicy.FallbackToLogsOnError && info.ExitCode != 0
                ? LogTail.Read(info.LogPath, MaxLogLines, MaxLogBytes)
                : "";
        }
        catch (IOException)
        {
            return ""; // A message is a courtesy: that the container ended must be told in any case.
        }
    }
}
