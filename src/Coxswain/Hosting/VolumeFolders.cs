using Coxswain.Controllers;
using Coxswain.Linux.Files;

namespace Coxswain.Hosting;

/// <summary>The folders of provisioned volumes, on this machine's disk.</summary>
internal sealed class VolumeFolders(string root) : IVolumeFolders
{
    /// <summary>Containers run as whichever user their image says, and have to be able to write.</summary>
    private const UnixFileMode Everybody = (UnixFileMode)0b111_111_111;

    public string PathOf(string name) => Path.Combine(root, name);

    public void Create(string name)
    {
        var path = PathOf(name);
        if (!Directory.Exists(path))
        {
            Directory.CreateDirectory(path);
            File.SetUnixFileMode(path, Everybody);
        }
    }

    public void Remove(string name)
    {
        if (Directory.Exists(PathOf(name)))
        {
            TreeRemover.Remove(PathOf(name));
        }
    }
}
