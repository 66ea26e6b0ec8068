using System.Diagnostics;
using Coxswain.Api.Core.V1;
using Coxswain.Api.Meta.V1;
using Coxswain.Api.Scalars;
using Coxswain.Linux.Files;
using Coxswain.Linux.Mounts;
using Coxswain.Node.Files;
using Coxswain.Node.Volumes;

namespace Coxswain.Node.Tests.Volumes;

/// <summary>What containers may do to their volumes must not reach the machine. On the kernel's own mounts.</summary>
public sealed class VolumeSafetyTests : IDisposable
{
    private const string Uid = "u-1";

    private readonly string _directory = Directory.CreateTempSubdirectory("coxswain-safety-").FullName;
    private readonly KernelMounts _mounts = new();
    private readonly FakePodObjects _objects = new();
    private readonly NodePaths _paths;
    private readonly SubPaths _subPaths;

    public VolumeSafetyTests()
    {
        _paths = new NodePaths(Path.Combine(_directory, "node"), Path.Combine(_directory, "logs"));
        _subPaths = new SubPaths(_paths, _mounts);
        Directory.CreateDirectory(_paths.Pod(Uid));
    }

    public void Dispose()
    {
        _mounts.UnmountBelow(_directory);
        TreeRemover.Remove(_directory);
    }

    [Fact]
    public void TearDown_SomethingMountedInside_LeavesWhatIsBehindIt()
    {
        var behind = Make("precious");
        File.WriteAllText(Path.Combine(behind, "file"), "kept");
        var inside = Directory.CreateDirectory(Path.Combine(_paths.Volume(Uid, "empty-dir", "work"), "deep", "mount")).FullName;
        _mounts.Mount(MountRequest.Bind(behind, inside));
        VolumeTeardown.TearDown(Uid, _paths, _mounts);
        Assert.Equal("kept", File.ReadAllText(Path.Combine(behind, "file")));
        Assert.False(Directory.Exists(_paths.Volumes(Uid)));
    }

    [Fact]
    public void TearDown_NamesThatAreNotText_AreRemoved()
    {
        var volume = Directory.CreateDirectory(_paths.Volume(Uid, "empty-dir", "work")).FullName;
        Run("sh", "-c", $"touch \"$(printf '{volume}/\\377')\"");
        VolumeTeardown.TearDown(Uid, _paths, _mounts);
        Assert.False(Directory.Exists(_paths.Volumes(Uid)));
    }

    [Fact]
    public void SubPath_LinkOutOfTheVolume_IsRefused()
    {
        var volume = Make("volume");
        File.CreateSymbolicLink(Path.Combine(volume, "out"), "/etc");
        Assert.ThrowsAny<IOException>(() => _subPaths.Mount(Uid, "web", 0, volume, "out"));
        Assert.ThrowsAny<IOException>(() => _subPaths.Mount(Uid, "web", 0, volume, "out/made"));
        Assert.Throws<VolumeException>(() => _subPaths.Mount(Uid, "web", 0, volume, "../x"));
        Assert.False(Directory.Exists("/etc/made"));
    }

    [Fact]
    public void SubPath_SwappedForALinkAfterwards_ShowsWhatWasChecked()
    {
        var volume = Make("volume");
        File.WriteAllText(Path.Combine(Directory.CreateDirectory(Path.Combine(volume, "part")).FullName, "file"), "ours");
        var mounted = _subPaths.Mount(Uid, "web", 0, volume, "part");
        Directory.Move(Path.Combine(volume, "part"), Path.Combine(volume, "moved"));
        File.CreateSymbolicLink(Path.Combine(volume, "part"), "/etc");
        Assert.Equal("ours", File.ReadAllText(Path.Combine(mounted, "file")));
        Assert.False(File.Exists(Path.Combine(mounted, "passwd")));
    }

    [Fact]
    public void SubPath_Missing_IsMadeWithTheVolumesPermissions()
    {
        var volume = Make("volume");
        FileMetadata.ChangeMode(volume, 0b111_111_111);
        var mounted = _subPaths.Mount(Uid, "web", 0, volume, "one/two");
        File.WriteAllText(Path.Combine(mounted, "file"), "");
        Assert.Equal(0b111_111_111u, FileStatus.Read(Path.Combine(volume, "one")).Permissions);
        Assert.Equal(0b111_111_111u, FileStatus.Read(Path.Combine(volume, "one", "two")).Permissions);
        Assert.True(File.Exists(Path.Combine(volume, "one", "two", "file")));
    }

    [Fact]
    public void SubPath_OfAFile_IsMountedAgainWhenTheContainerRestarts()
    {
        var volume = Make("volume");
        File.WriteAllText(Path.Combine(volume, "file"), "one");
        _subPaths.Mount(Uid, "web", 0, volume, "file");
        File.Delete(Path.Combine(volume, "file"));
        File.WriteAllText(Path.Combine(volume, "file"), "two");
        Assert.Equal("two", File.ReadAllText(_subPaths.Mount(Uid, "web", 0, volume, "file")));
    }

    [Fact]
    public void SubPath_OfADirectory_IsMountedAgainWhenTheContainerRestarts()
    {
        var volume = Make("volume");
        _subPaths.Mount(Uid, "web", 0, volume, "part");
        var again = _subPaths.Mount(Uid, "web", 0, volume, "part");
        File.WriteAllText(Path.Combine(again, "file"), "");
        Assert.True(File.Exists(Path.Combine(volume, "part", "file")));

        // And a file of that name takes its place.
        Directory.Delete(Path.Combine(volume, "part"), recursive: true);
        File.WriteAllText(Path.Combine(volume, "part"), "now a file");
        Assert.Equal("now a file", File.ReadAllText(_subPaths.Mount(Uid, "web", 0, volume, "part")));
    }

    [Fact]
    public void FsGroup_LinkInTheVolume_LeavesWhatItLeadsTo()
    {
        var (volume, outside) = (Make("volume"), Make("outside"));
        File.WriteAllText(Path.Combine(outside, "file"), "");
        File.CreateSymbolicLink(Path.Combine(volume, "link"), outside);
        VolumeOwnership.Apply(volume, 2000, readOnly: false);
        Assert.Equal((0u, 0u), (FileStatus.Read(outside).Gid, FileStatus.Read(Path.Combine(outside, "file")).Gid));
        Assert.Equal(2000u, FileStatus.Read(volume).Gid);
    }

    [Fact]
    public async Task SecretAndMemoryEmptyDir_AreInMemoryAlsoWhenTheirDirectoriesAreLeft()
    {
        _objects.Secrets["tls"] = Secret.Empty with { Data = new Dictionary<string, ReadOnlyMemory<byte>> { ["key"] = "k"u8.ToArray() } };
        foreach (var left in (string[])[_paths.Volume(Uid, "empty-dir", "fast"), _paths.Volume(Uid, "secret", "tls")])
        {
            Directory.CreateDirectory(left); // As after a crash before the mount, or a reboot.
        }

        var pod = Pod.Empty with
        {
            Metadata = ObjectMeta.Empty with { Name = "web", Namespace = "shop", Uid = Uid },
            Spec = PodSpec.Empty with
            {
                SecurityContext = new PodSecurityContext { FsGroup = 2000 },
                Volumes =
                [
                    new Volume { Name = "fast", EmptyDir = new EmptyDirVolumeSource { Medium = "Memory", SizeLimit = Quantity.Parse("1Mi") } },
                    new Volume { Name = "tls", Secret = new SecretVolumeSource { SecretName = "tls" } },
                ],
            },
        };
        var content = new VolumeContent(_objects, new PodTokenCache(null!, TimeProvider.System), "10.0.0.1", new Dictionary<string, Quantity>());
        var volumes = new PodVolumes(Uid, _paths, content, null!, null!, _mounts, TimeProvider.System); // Neither tokens, claims nor images here.
        var where = await volumes.SetUpAsync(pod, [], CancellationToken.None);
        Assert.All(where.Values, path => Assert.Equal("tmpfs", _mounts.List().Single(mount => mount.MountPoint == path).Type));
        Assert.Equal(2000u, FileStatus.Read(where["fast"]).Gid);
        Assert.Equal("k", File.ReadAllText(Path.Combine(where["tls"], "key")));
        VolumeTeardown.TearDown(Uid, _paths, _mounts);
        Assert.DoesNotContain(_mounts.List(), mount => mount.MountPoint.StartsWith(_directory, StringComparison.Ordinal));
    }

    [Fact]
    public void HostPath_UntypedAndMissing_BecomesADirectory()
    {
        var path = Path.Combine(_directory, "made", "here");
        HostPaths.Check(path, "");
        Assert.True(Directory.Exists(path));
        Assert.Throws<VolumeException>(() => HostPaths.Check(path, HostPathType.Socket));
    }

    private string Make(string name) => Directory.CreateDirectory(Path.Combine(_directory, name)).FullName;

    private static void Run(string command, params string[] arguments)
    {
        using var process = Process.Start(command, arguments);
        process.WaitForExit();
        Assert.Equal(0, process.ExitCode);
    }
}
