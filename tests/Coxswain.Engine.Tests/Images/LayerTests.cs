using System.Formats.Tar;
using System.Security.Cryptography;
using System.Text;
using Coxswain.Engine.Images;
using Coxswain.Engine.Images.Layers;
using Coxswain.Linux.Files;
using TarEntry = Coxswain.Engine.Images.Tar.TarEntry;
using TarEntryType = Coxswain.Engine.Images.Tar.TarEntryType;
using TarReader = Coxswain.Engine.Images.Tar.TarReader;
using TarWriter = Coxswain.Engine.Images.Tar.TarWriter;

namespace Coxswain.Engine.Tests.Images;

/// <summary>From tar to directory and back.</summary>
public sealed class LayerTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("coxswain-layers-").FullName;

    public void Dispose() => TreeRemover.Remove(_directory);

    [Fact]
    public void WriteThenExtract_EverythingALayerHolds_ComesBackTheSame()
    {
        var source = NewRoot("source");
        Directory.CreateDirectory(Path.Combine(source, "d/deep"));
        File.WriteAllText(Path.Combine(source, "d/file"), "content");
        File.WriteAllBytes(Path.Combine(source, "big"), RandomNumberGenerator.GetBytes(300_000));
        FileNodes.MakeHardLink(Path.Combine(source, "big"), Path.Combine(source, "big-link"));
        FileNodes.MakeSymbolicLink("../../etc/passwd", Path.Combine(source, "d/link"));
        FileNodes.MakeSymbolicLink(new string('x', 200), Path.Combine(source, "long-link"));
        FileNodes.MakeFifo(Path.Combine(source, "fifo"), 0x180);
        FileNodes.MakeDevice(Path.Combine(source, "null"), block: false, 0x1B6, 1, 3);
        Whiteouts.Make(Path.Combine(source, "gone"));
        Whiteouts.MakeOpaque(Path.Combine(source, "d/deep"));
        var longName = Path.Combine(source, "d", string.Join('/', Enumerable.Repeat("component-of-a-long-path", 12)), "ünïcode " + new string('y', 120));
        Directory.CreateDirectory(Path.GetDirectoryName(longName)!); // It is below the source.
        File.WriteAllText(longName, "deep");
        FileMetadata.ChangeOwner(Path.Combine(source, "d/file"), 1234, 3_000_000);
        FileMetadata.ChangeMode(Path.Combine(source, "d/file"), 0x9E8);
        // A capability whose bytes are no text: cap_setuid, cap_setgid and cap_chown.
        byte[] capability = [1, 0, 0, 2, 0xC1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
        ExtendedAttributes.Set(Path.Combine(source, "d/file"), "security.capability", capability);
        ExtendedAttributes.Set(Path.Combine(source, "d"), "trusted.overlay.origin", [1]);
        FileMetadata.SetModified(Path.Combine(source, "d/file"), 1_000_000_000, 0);
        FileMetadata.SetModified(Path.Combine(source, "d"), 1_100_000_000, 0);

        var tar = Write(source);
        var target = NewRoot("target");
        LayerExtractor.Extract(new MemoryStream(tar), target, [], CancellationToken.None);

        Assert.Equal(tar, Write(target));
        var file = FileStatus.Read(Path.Combine(target, "d/file"));
        Assert.Equal((0x9E8u, 1234u, 3_000_000u, 1_000_000_000L), (file.Permissions, file.Uid, file.Gid, file.ModifiedSeconds));
        Assert.Equal(capability, ExtendedAttributes.TryGet(Path.Combine(target, "d/file"), "security.capability"));
        Assert.Equal(1_100_000_000, FileStatus.Read(Path.Combine(target, "d")).ModifiedSeconds);
        Assert.True(FileStatus.Read(Path.Combine(target, "gone")).IsWhiteout);
        Assert.True(Whiteouts.IsOpaque(Path.Combine(target, "d/deep")));
        Assert.Null(ExtendedAttributes.TryGet(Path.Combine(source, "d"), "trusted.overlay.origin"));
        Assert.Equal(
            FileStatus.Read(Path.Combine(target, "big")).Inode, FileStatus.Read(Path.Combine(target, "big-link")).Inode);
    }

    [Fact]
    public void Write_Layer_IsReadByOthers()
    {
        var source = NewRoot("source");
        File.WriteAllText(Path.Combine(source, "one"), "1");
        Whiteouts.Make(Path.Combine(source, "two"));
        Directory.CreateDirectory(Path.Combine(source, "dir"));
        Whiteouts.MakeOpaque(Path.Combine(source, "dir"));

        using var reader = new System.Formats.Tar.TarReader(new MemoryStream(Write(source)));
        var names = new List<string>();
        while (reader.GetNextEntry() is { } entry)
        {
            names.Add(entry.Name);
        }

        Assert.Equal([".wh.two", "dir/", "dir/.wh..wh..opq", "one"], names.Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData(TarEntryFormat.Pax)]
    [InlineData(TarEntryFormat.Gnu)]
    [InlineData(TarEntryFormat.Ustar)]
    [InlineData(TarEntryFormat.V7)]
    public async Task Extract_ForeignFormats_AreUnderstood(TarEntryFormat format)
    {
        var length = format is TarEntryFormat.V7 ? 60 : 90;
        var name = $"{new string('d', length - 50)}/{new string('f', 40)}";
        if (format is TarEntryFormat.Pax or TarEntryFormat.Gnu)
        {
            name = $"{string.Concat(Enumerable.Repeat("dir/", 60))}{name}";
        }

        using var tar = new MemoryStream();
        using (var writer = new System.Formats.Tar.TarWriter(tar, format, leaveOpen: true))
        {
            System.Formats.Tar.TarEntry entry = format switch
            {
                TarEntryFormat.Pax => new PaxTarEntry(System.Formats.Tar.TarEntryType.RegularFile, name),
                TarEntryFormat.Gnu => new GnuTarEntry(System.Formats.Tar.TarEntryType.RegularFile, name),
                TarEntryFormat.Ustar => new UstarTarEntry(System.Formats.Tar.TarEntryType.RegularFile, name),
                _ => new V7TarEntry(System.Formats.Tar.TarEntryType.V7RegularFile, name),
            };
            entry.DataStream = new MemoryStream("hello"u8.ToArray());
            await writer.WriteEntryAsync(entry);
        }

        tar.Position = 0;
        var root = NewRoot("root");
        Assert.Equal(5, LayerExtractor.Extract(tar, root, [], CancellationToken.None));
        Assert.Equal("hello", File.ReadAllText(Path.Combine(root, name)));
    }

    [Theory]
    [InlineData("../escape")]
    [InlineData("a/../../escape")]
    [InlineData("/../escape")]
    [InlineData("..")]
    [InlineData("a/..")]
    public void Extract_PathOutOfTheLayer_IsRefused(string name)
    {
        var root = NewRoot("inner/root");
        var failure = Assert.Throws<ImageException>(() => Extract(root, new TarEntry { Name = name, Type = TarEntryType.File }));

        Assert.Equal(ImageErrorKind.Invalid, failure.Kind);
        Assert.Equal(["root"], FileNodes.Names(Path.Combine(_directory, "inner")));
    }

    [Fact]
    public void Extract_LinkOutOfTheLayerThenFileThroughIt_IsRefused()
    {
        var outside = NewRoot("outside");
        var root = NewRoot("root");

        Assert.Throws<ImageException>(() => Extract(
            root, new TarEntry { Name = "x", Type = TarEntryType.SymbolicLink, LinkName = "../outside" },
            new TarEntry { Name = "x/file", Type = TarEntryType.File }));
        // An absolute link is meant from the image's root, so this is harmless.
        Extract(
            NewRoot("root2"), new TarEntry { Name = "x", Type = TarEntryType.SymbolicLink, LinkName = outside },
            new TarEntry { Name = "x/file", Type = TarEntryType.File });

        Assert.Empty(FileNodes.Names(outside));
        Assert.True(File.Exists(Path.Combine(_directory, "root2" + outside, "file")));
    }

    [Fact]
    public void Extract_HardLinkOutOfTheLayer_IsRefused()
    {
        File.WriteAllText(Path.Combine(_directory, "secret"), "s");

        Assert.Throws<ImageException>(() => Extract(
            NewRoot("root"), new TarEntry { Name = "x", Type = TarEntryType.HardLink, LinkName = "../secret" }));
        Assert.Throws<ImageException>(() => Extract(
            NewRoot("root3"), new TarEntry { Name = "l", Type = TarEntryType.SymbolicLink, LinkName = Path.Combine(_directory, "secret") },
            new TarEntry { Name = "x", Type = TarEntryType.HardLink, LinkName = "nothing" }));
    }

    [Fact]
    public void Extract_OverlayAttributesOfAnArchive_AreDropped()
    {
        var root = NewRoot("root");

        Extract(root, new TarEntry
        {
            Name = "d", Type = TarEntryType.Directory, Mode = 0x1ED,
            Attributes = [new("trusted.overlay.redirect", Encoding.UTF8.GetBytes("/etc")), new("user.kept", [1])],
        });

        Assert.Equal(["user.kept"], ExtendedAttributes.List(Path.Combine(root, "d")));
    }

    [Fact]
    public void Extract_OnLayersBelow_ImpliedParentsLookLikeThem()
    {
        var below = NewRoot("below");
        Directory.CreateDirectory(Path.Combine(below, "tmp"));
        FileMetadata.ChangeMode(Path.Combine(below, "tmp"), 0x3FF);
        File.WriteAllText(Path.Combine(below, "tmp/target"), "below");
        var root = NewRoot("root");

        using var tar = Tar(
            new TarEntry { Name = "tmp/new", Type = TarEntryType.File },
            new TarEntry { Name = "linked", Type = TarEntryType.HardLink, LinkName = "tmp/target" });
        LayerExtractor.Extract(tar, root, [below], CancellationToken.None);

        Assert.Equal(0x3FFu, FileStatus.Read(Path.Combine(root, "tmp")).Permissions);
        Assert.Equal("below", File.ReadAllText(Path.Combine(root, "linked")));
    }

    [Fact]
    public void Extract_WhiteoutAndNewContentInOneLayer_HidesOnlyTheOld()
    {
        foreach (var order in new[] { new[] { 0, 1, 2 }, [1, 2, 0] })
        {
            TarEntry[] entries =
            [
                new() { Name = ".wh.d", Type = TarEntryType.File },
                new() { Name = "d/", Type = TarEntryType.Directory, Mode = 0x1ED },
                new() { Name = "d/new", Type = TarEntryType.File },
            ];
            var below = NewRoot($"below{order[0]}/d");
            File.WriteAllText(Path.Combine(below, "old"), "");
            var root = NewRoot($"root{order[0]}");

            Extract(root, [.. order.Select(index => entries[index])]);

            var tree = new MergedTree([root, Path.GetDirectoryName(below)!]); // It has a parent.
            Assert.Equal(["new"], MergedTree.Children(tree.Find("/d")!).Select(node => node.Name));
        }
    }

    [Fact]
    public void MergedTree_Layers_ShowWhatOverlayfsWould()
    {
        var low = NewRoot("low");
        var middle = NewRoot("middle");
        var top = NewRoot("top");
        File.WriteAllText(Path.Combine(low, "a"), "low");
        Directory.CreateDirectory(Path.Combine(low, "d"));
        File.WriteAllText(Path.Combine(low, "d/x"), "low");
        File.WriteAllText(Path.Combine(low, "d/y"), "low");
        Whiteouts.Make(Path.Combine(middle, "a"));
        Directory.CreateDirectory(Path.Combine(middle, "d"));
        File.WriteAllText(Path.Combine(middle, "d/x"), "middle");
        FileNodes.MakeSymbolicLink("/d", Path.Combine(top, "link"));
        FileNodes.MakeSymbolicLink("../../../..", Path.Combine(top, "up"));
        FileNodes.MakeSymbolicLink("loop", Path.Combine(top, "loop"));
        var tree = new MergedTree([top, middle, low]);

        Assert.Null(tree.Find("/a"));
        Assert.Equal("middle", File.ReadAllText(tree.Find("/link/x")!.FilePath));
        Assert.Equal("low", File.ReadAllText(tree.Find("/up/up/d/y")!.FilePath));
        Assert.Equal("/d/new/file", tree.Resolve("/link/new/file").Path);
        Assert.Equal(["d", "link", "loop", "up"], MergedTree.Children(tree.Root).Select(node => node.Name));
        Assert.Throws<ImageException>(() => tree.Find("/loop"));
    }

    [Fact]
    public void Read_AnyBytes_ReadsOrSaysWhatIsWrong()
    {
        var source = NewRoot("source");
        File.WriteAllText(Path.Combine(source, "file"), "content");
        ExtendedAttributes.Set(Path.Combine(source, "file"), "user.x", [0xFF]);
        var tar = Write(source);
        var random = new Random(7);
        for (var round = 0; round < 3000; round++)
        {
            var damaged = (byte[])tar.Clone();
            for (var i = 0; i < 3; i++)
            {
                damaged[random.Next(damaged.Length)] = (byte)random.Next(256);
            }

            var reader = new TarReader(new MemoryStream(damaged, 0, random.Next(damaged.Length)));
            try
            {
                while (reader.Next() is not null)
                {
                }
            }
            catch (ImageException)
            {
            }
        }
    }

    private string NewRoot(string name) => Directory.CreateDirectory(Path.Combine(_directory, name)).FullName;

    private static byte[] Write(string directory)
    {
        using var tar = new MemoryStream();
        LayerTarWriter.Write(directory, tar, CancellationToken.None);
        return tar.ToArray();
    }

    private static MemoryStream Tar(params TarEntry[] entries)
    {
        var tar = new MemoryStream();
        using (var writer = new TarWriter(tar))
        {
            foreach (var entry in entries)
            {
                writer.Write(entry);
            }
        }

        tar.Position = 0;
        return tar;
    }

    private static void Extract(string root, params TarEntry[] entries)
    {
        using var tar = Tar(entries);
        LayerExtractor.Extract(tar, root, [], CancellationToken.None);
    }
}
