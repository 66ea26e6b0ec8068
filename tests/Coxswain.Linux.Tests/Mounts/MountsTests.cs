using System.Security.Cryptography;
using Coxswain.Linux.Files;
using Coxswain.Linux.Mounts;

namespace Coxswain.Linux.Tests.Mounts;

public sealed class MountsTests
{
    [Fact]
    public void Parse_OptionalFieldsAndEscapes_AreUnderstood()
    {
        const string Text = """
            22 27 0:21 / /proc rw,relatime - proc proc rw
            36 35 98:0 /mnt1 /mnt\0402 rw,noatime master:1 shared:2 - ext3 /dev/root rw,errors=continue
            """;
        var mounts = MountInfo.Parse(Text);
        Assert.Equal(new MountInfo(22, 27, "/", "/proc", "rw,relatime", "proc", "proc", "rw"), mounts[0]);
        Assert.Equal(("/mnt1", "/mnt 2", "ext3"), (mounts[1].Root, mounts[1].MountPoint, mounts[1].Type));
    }

    [Fact]
    public void Mount_TmpfsAndReadOnlyBind_ThenUnmount()
    {
        var mounts = new KernelMounts();
        var directory = Path.Combine(Path.GetTempPath(), "coxswain-mounts-" + RandomNumberGenerator.GetHexString(8, lowercase: true));
        var (first, second) = (Path.Combine(directory, "a b"), Path.Combine(directory, "second"));
        Directory.CreateDirectory(first);
        Directory.CreateDirectory(second);
        try
        {
            mounts.Mount(MountRequest.Tmpfs(first, "size=1m"));
            File.WriteAllText(Path.Combine(first, "file"), "x");
            mounts.Mount(MountRequest.Bind(first, second) with { Flags = MountFlags.Bind | MountFlags.ReadOnly });
            Assert.Equal("x", File.ReadAllText(Path.Combine(second, "file")));
            Assert.Throws<IOException>(() => File.WriteAllText(Path.Combine(second, "file"), "y"));
            Assert.Contains(mounts.List(), mount => mount.MountPoint == first && mount.Type == "tmpfs");
            var exception = Assert.Throws<LinuxException>(() => mounts.Mount(new MountRequest("none", second, "no-such-fs")));
            Assert.Contains("mount no-such-fs none on", exception.Message);
        }
        finally
        {
            mounts.Unmount(second);
            mounts.Unmount(first);
            mounts.Unmount(first);
            Directory.Delete(directory, recursive: true);
        }

        Assert.DoesNotContain(mounts.List(), mount => mount.MountPoint.StartsWith(directory, StringComparison.Ordinal));
    }

    [Fact]
    public void UnmountBelow_MountPointThatIsNotText_IsUnmountedAndGoes()
    {
        var mounts = new KernelMounts();
        var directory = Directory.CreateTempSubdirectory("coxswain-mounts-").FullName;
        var point = $"{directory}/a {RawName.FromBytes([0xff, (byte)'b', 0xc3])}";
        FileNodes.MakeDirectory(point, 0x1c0);
        mounts.Mount(MountRequest.Tmpfs(point, "size=1m"));
        try
        {
            Assert.Contains(mounts.List(), mount => mount.MountPoint == point && mount.Type == "tmpfs");
            Assert.Throws<LinuxException>(() => TreeRemover.Remove(directory));
        }
        finally
        {
            mounts.UnmountBelow(directory);
            TreeRemover.Remove(directory);
        }

        Assert.False(Directory.Exists(directory));
    }

    [Fact]
    public void Unmount_LinkToAMountPoint_LeavesWhatItLeadsTo()
    {
        var mounts = new KernelMounts();
        var directory = Directory.CreateTempSubdirectory("coxswain-mounts-").FullName;
        var (point, link) = (Path.Combine(directory, "point"), Path.Combine(directory, "link"));
        Directory.CreateDirectory(point);
        mounts.Mount(MountRequest.Tmpfs(point, "size=1m"));
        try
        {
            File.CreateSymbolicLink(link, point);
            mounts.Unmount(link);
            Assert.Contains(mounts.List(), mount => mount.MountPoint == point);
        }
        finally
        {
            mounts.Unmount(point);
            TreeRemover.Remove(directory);
        }
    }
}
