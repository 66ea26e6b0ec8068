using Coxswain.Api.Core.V1;
using Coxswain.Linux.Files;
using Coxswain.Node.Files;

namespace Coxswain.Node.Pods;

/// <summary>Removes files of pods that are over.</summary>
internal static class PodRemoval
{
    public static void RemoveFiles(NodePaths paths, Pod pod)
    {
        Remove(paths.Pod(pod.Metadata.Uid));
        Remove(paths.PodLogs(pod.Metadata.Namespace, pod.Metadata.Name, pod.Metadata.Uid));
    }

    public static void Remove(string directory)
    {
        TreeRemover.Remove(directory);
    }

    /// <summary>Removes logs and messages of attempts before <paramref name="keep"/>, the one <c>kubectl logs --previous</c> shows.</summary>
    public static void ForgetAttempts(NodePaths paths, Pod pod, string container, int keep)
    {
        var logs = paths.ContainerLogs(pod.Metadata.Namespace, pod.Metadata.Name, pod.Metadata.Uid, container);
        var messages = Path.GetDirectoryName(paths.TerminationLog(pod.Metadata.Uid, container, 0))!; // A path of ours: it has a parent.
        foreach (var directory in (string[])[logs, messages])
        {
            if (!Directory.Exists(directory))
            {
                continue;
            }

            foreach (var file in Directory.EnumerateFiles(directory))
            {
                var digits = new string([.. Path.GetFileName(file).TakeWhile(char.IsAsciiDigit)]);
                if (int.TryParse(digits, out var attempt) && attempt < keep)
                {
                    File.Delete(file);
                }
            }
        }
    }
}
