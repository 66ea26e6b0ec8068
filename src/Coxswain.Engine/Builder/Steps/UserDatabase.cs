using System.Globalization;
using Coxswain.Engine.Images.Layers;

namespace Coxswain.Engine.Builder.Steps;

/// <summary>Reads <c>user[:group]</c> of <c>COPY --chown</c> by the /etc/passwd and /etc/group of an image that is not mounted.</summary>
internal static class UserDatabase
{
    public static Ownership Resolve(MergedTree tree, string text)
    {
        var colon = text.IndexOf(':', StringComparison.Ordinal);
        var user = colon < 0 ? text : text[..colon];
        var group = colon < 0 ? "" : text[(colon + 1)..];
        var uid = Number(user) ?? Find(tree, "/etc/passwd", user)
            ?? throw new BuildException($"--chown={text}: no user \"{user}\" in the image's /etc/passwd");
        // As in Docker a user without a group stands for both.
        var gid = group.Length == 0
            ? Number(user) ?? Field(tree, "/etc/passwd", user, 3) ?? uid
            : Number(group) ?? Find(tree, "/etc/group", group)
                ?? throw new BuildException($"--chown={text}: no group \"{group}\" in the image's /etc/group");
        return new Ownership(uid, gid);
    }

    private static uint? Find(MergedTree tree, string path, string name) => Field(tree, path, name, 2);

    private static uint? Field(MergedTree tree, string path, string name, int index)
    {
        if (tree.Find(path) is not { Status.IsRegular: true } file)
        {
            return null;
        }

        foreach (var line in File.ReadLines(file.FilePath))
        {
            var fields = line.Split(':');
            if (fields.Length > index && fields[0] == name)
            {
                return Number(fields[index]);
            }
        }

        return null;
    }

    private static uint? Number(string text) =>
        uint.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;
}
