using System.Globalization;
using System.Text;
using Coxswain.Linux.Files;

namespace Coxswain.Engine.Containers.Oci;

/// <summary>Turns <c>user[:group]</c> into numbers by the root's own /etc/passwd and /etc/group.</summary>
internal static class UserLookup
{
    private const int MostBytes = 4 * 1024 * 1024;

    /// <exception cref="EngineException">A name is in neither file, or a number is none.</exception>
    public static OciUser Resolve(
        string rootDirectory, string user, IReadOnlyList<long> additionalGroups, ImageGroups imageGroups = ImageGroups.UnlessGroupIsNamed)
    {
        var colon = user.IndexOf(':');
        var name = colon < 0 ? user : user[..colon];
        var groupName = colon < 0 ? "" : user[(colon + 1)..];
        if (name.Length == 0)
        {
            name = "0";
        }

        var entry = FindUser(rootDirectory, name);
        var uid = entry?.Uid ?? Number(name) ?? throw new EngineException($"no user '{name}' in the image's /etc/passwd");
        long gid;
        var groups = new SortedSet<long>(additionalGroups);
        if (groupName.Length > 0)
        {
            gid = FindGroup(rootDirectory, groupName) ?? Number(groupName)
                ?? throw new EngineException($"no group '{groupName}' in the image's /etc/group");
        }
        else
        {
            gid = entry?.Gid ?? 0;
        }

        if (entry is not null
            && (imageGroups == ImageGroups.Always || (imageGroups == ImageGroups.UnlessGroupIsNamed && groupName.Length == 0)))
        {
            groups.UnionWith(GroupsOf(rootDirectory, entry.Name));
        }

        groups.Remove(gid);
        return new OciUser(uid, gid, groups.Count == 0 ? null : [.. groups]);
    }

    private static long? Number(string text) =>
        long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number <= uint.MaxValue - 1
            ? number
            : null;

    private static UserEntry? FindUser(string root, string nameOrUid)
    {
        var number = Number(nameOrUid);
        UserEntry? byNumber = null;
        foreach (var fields in Read(root, "/etc/passwd"))
        {
            if (fields.Length < 4 || Number(fields[2]) is not { } uid || Number(fields[3]) is not { } gid)
            {
                continue;
            }

            if (fields[0] == nameOrUid)
            {
                return new UserEntry(fields[0], uid, gid);
            }

            if (uid == number)
            {
                byNumber ??= new UserEntry(fields[0], uid, gid);
            }
        }

        return byNumber;
    }

    private static long? FindGroup(string root, string nameOrGid) =>
        Read(root, "/etc/group").Where(fields => fields.Length >= 3 && fields[0] == nameOrGid)
            .Select(fields => Number(fields[2])).FirstOrDefault();

    private static IEnumerable<long> GroupsOf(string root, string user) =>
        Read(root, "/etc/group").Where(fields => fields.Length >= 4 && fields[3].Split(',').Contains(user))
            .Select(fields => Number(fields[2])).OfType<long>();

    /// <summary>Only a regular file of the root's own, and no more of it than a user database can have: the image decides what is there.</summary>
    private static IEnumerable<string[]> Read(string root, string path)
    {
        using var directory = PinnedPath.Open(root);
        using var pinned = directory.OpenInRoot(path);
        if (pinned is null)
        {
            return [];
        }

        if (pinned.Status is not { IsRegular: true, Size: <= MostBytes })
        {
            throw new EngineException($"{path} of the image is no regular file of at most {MostBytes >> 20} MiB");
        }

        using var file = pinned.OpenRead();
        var bytes = new byte[MostBytes];
        var length = file.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false);
        return [.. Encoding.UTF8.GetString(bytes, 0, length).Split('\n').Select(line => line.TrimEnd('\r').Split(':'))];
    }

    private sealed record UserEntry(string Name, long Uid, long Gid);
}
