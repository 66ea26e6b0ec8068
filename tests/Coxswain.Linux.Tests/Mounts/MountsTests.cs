using System.Security.Cryptography;
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
}
