using Coxswain.Api.Core.V1;
using Coxswain.Linux.Files;

namespace Coxswain.Node.Volumes;

/// <summary>Gives a volume to a pod's fsGroup: the group may read and write, and new files are the group's.</summary>
internal static class VolumeOwnership
{
    private const uint GroupRead = 0b100_000;
    private const uint GroupWrite = 0b010_000;
    private const uint GroupExecute = 0b001_000;
    private const uint SetGroup = 0b10_000_000_000;

    /// <summary>As the pod's security context says; nothing without an fsGroup.</summary>
    public static void Apply(string directory, PodSecurityContext? context)
    {
        if (context?.FsGroup is { } group && !(context.FsGroupChangePolicy == PodFSGroupChangePolicy.OnRootMismatch && IsApplied(directory, group)))
        {
            Apply(directory, group, readOnly: false);
        }
    }

    /// <summary>Everything in the tree: links themselves and never what they lead to, and nothing that is mounted inside.</summary>
    /// <param name="readOnly">For volumes whose files we write: the group may only read.</param>
    public static void Apply(string directory, long group, bool readOnly) => TreeWalker.Walk(
        FileNodes.RealPath(directory),
        entry =>
        {
            entry.File.ChangeOwner(null, (uint)group);
            if (!entry.Status.IsSymbolicLink)
            {
                entry.File.ChangeMode(entry.Status.Permissions | Wanted(entry.Status.IsDirectory, readOnly));
            }
        },
        MountsBelow.Skip);

    private static bool IsApplied(string directory, long group)
    {
        using var root = PinnedPath.Open(FileNodes.RealPath(directory));
        var wanted = Wanted(isDirectory: true, readOnly: false);
        return root.Status.Gid == group && (root.Status.Permissions & wanted) == wanted;
    }

    private static uint Wanted(bool isDirectory, bool readOnly) =>
        GroupRead | (readOnly ? 0 : GroupWrite) | (isDirectory ? GroupExecute | SetGroup : 0);
}
