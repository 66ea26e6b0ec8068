using System.Globalization;
using Coxswain.Linux.Files;

namespace Coxswain.Hosting;

/// <summary>Whose files a command writes: under sudo those of the user who typed it, not root's.</summary>
/// <param name="Home">The home directory.</param>
internal sealed record CallingUser(uint Uid, uint Gid, string Home)
{
    public static CallingUser Root { get; } = new(0, 0, "/root");

    public static CallingUser Current { get; } = OfSudo() ?? new CallingUser(0, 0, Environment.GetFolderPath(Environment.SpecialFolder.UserProfile));

    /// <summary>The owner of a file that is there.</summary>
    public static CallingUser OwnerOf(string path)
    {
        var status = FileStatus.Read(path);
        return new CallingUser(status.Uid, status.Gid, "");
    }

    /// <summary>Gives a path to this user.</summary>
    public void Own(string path) => FileMetadata.ChangeOwner(path, Uid, Gid);

    /// <summary>What sudo tells of its caller; null when we were not started by it, or by root.</summary>
    private static CallingUser? OfSudo() =>
        uint.TryParse(Environment.GetEnvironmentVariable("SUDO_UID"), CultureInfo.InvariantCulture, out var uid) && uid != 0
            && uint.TryParse(Environment.GetEnvironmentVariable("SUDO_GID"), CultureInfo.InvariantCulture, out var gid)
            && HomeOf(uid, "/etc/passwd") is { } home
                ? new CallingUser(uid, gid, home) : null;

    internal static string? HomeOf(uint uid, string passwd) => File.ReadLines(passwd)
        .Select(line => line.Split(':'))
        .Where(fields => fields.Length > 5 && fields[2] == uid.ToString(CultureInfo.InvariantCulture) && fields[5].Length > 0)
        .Select(fields => fields[5])
        .FirstOrDefault();
}
