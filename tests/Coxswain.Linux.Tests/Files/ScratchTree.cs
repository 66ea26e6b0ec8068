using System.Text;
using Coxswain.Linux.Files;
using Coxswain.Linux.Mounts;

namespace Coxswain.Linux.Tests.Files;

/// <summary>A directory for one test, with what makes trees hard: names that are no text, great depth, mounts.</summary>
internal sealed class ScratchTree : IDisposable
{
    private readonly KernelMounts _mounts = new();
    private readonly List<string> _mounted = [];

    public ScratchTree() => Root = Directory.CreateTempSubdirectory("coxswain-files-").FullName;

    public string Root { get; }

    /// <summary>A name that is not UTF-8.</summary>
    public static string OddName { get; } = RawName.FromBytes([(byte)'a', 0xFF, 0xC3, (byte)'b']);

    public string Path(string name) => System.IO.Path.Combine(Root, name);

    public string MakeDirectory(string name)
    {
        FileNodes.MakeDirectory(Path(name), 0x1ED);
        return Path(name);
    }

    public string MakeFile(string name, string content = "x")
    {
        using var file = RawFile.Create(Path(name), 0x1A4);
        file.Write(Encoding.UTF8.GetBytes(content));
        return Path(name);
    }

    /// <summary>A chain of directories whose path is longer than the kernel takes.</summary>
    public string MakeDeep(string name)
    {
        const int Levels = 40;
        var part = new string('d', 200);
        var current = MakeDirectory(name);
        var handles = new List<DirectoryHandle>();
        for (var i = 0; i < Levels; i++)
        {
            handles.Add(new DirectoryHandle(current));
            current = System.IO.Path.Combine(handles[^1].ShortPath, part);
            FileNodes.MakeDirectory(current, 0x1ED);
        }

        FileNodes.MakeSymbolicLink("nowhere", System.IO.Path.Combine(current, OddName));
        handles.ForEach(handle => handle.Dispose());
        return Path(name);
    }

    public string MountTmpfs(string name, string options = "")
    {
        var target = Path(name);
        _mounts.Mount(MountRequest.Tmpfs(target, options));
        _mounted.Add(target);
        return target;
    }

    public string MountBind(string source, string name)
    {
        var target = Path(name);
        _mounts.Mount(MountRequest.Bind(source, target));
        _mounted.Add(target);
        return target;
    }

    public void Dispose()
    {
        _mounted.ForEach(_mounts.Unmount);
        TreeRemover.Remove(Root);
    }
}
