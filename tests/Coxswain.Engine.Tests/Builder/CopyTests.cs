using System.Formats.Tar;
using System.IO.Compression;
using Coxswain.Engine.Builder;
using Coxswain.Engine.Builder.Contexts;
using Coxswain.Engine.Builder.Steps;
using Coxswain.Engine.Images.Layers;
using Coxswain.Engine.Tests.Images;
using Coxswain.Linux.Files;

namespace Coxswain.Engine.Tests.Builder;

/// <summary>Where COPY and ADD put things.</summary>
public sealed class CopyTests
{
    [Theory]
    [InlineData("COPY a.txt /dest", "dest")]
    [InlineData("COPY a.txt /dest/", "dest/a.txt")]
    [InlineData("COPY a.txt /", "a.txt")]
    [InlineData("WORKDIR /w\nCOPY a.txt .", "w/a.txt")]
    [InlineData("WORKDIR /w\nWORKDIR x\nCOPY a.txt ./", "w/x/a.txt")]
    [InlineData("COPY dir /dest", "dest/one dest/sub/two")]
    [InlineData("COPY dir/ /dest/", "dest/one dest/sub/two")]
    [InlineData("COPY dir /", "one sub/two")]
    [InlineData("COPY [ab].txt /dest/", "dest/a.txt dest/b.txt")]
    [InlineData("COPY d*/sub/t?o /dest/", "dest/two")]
    [InlineData("COPY a.txt dir /dest/", "dest/a.txt dest/one dest/sub/two")]
    [InlineData("COPY link.txt /dest/", "dest/link.txt")]
    [InlineData("COPY ../../a.txt /", "a.txt")]
    [InlineData("COPY . /all/", "all/a.txt all/b.txt all/dir/one all/dir/sub/two all/link.txt")]
    [InlineData("ENV D=dir\nCOPY $D/one ${E:-/dest}", "dest")]
    [InlineData("COPY --parents dir/one dir/sub/two /p", "p/dir/one p/dir/sub/two")]
    [InlineData("COPY --parents ./dir/./sub/two /p/", "p/sub/two")]
    [InlineData("COPY --parents dir/sub /p/", "p/dir/sub/two")]
    [InlineData("COPY --parents **/t?o /p/", "p/dir/sub/two")]
    [InlineData("COPY --parents=false dir/one /p/", "p/one")]
    [InlineData("COPY --exclude=*.txt --exclude=sub . /all/", "all/dir/one all/dir/sub/two")]
    [InlineData("COPY --exclude=**/sub . /all/", "all/a.txt all/b.txt all/dir/one all/link.txt")]
    [InlineData("ADD --exclude=a* *.txt /all/", "all/b.txt all/link.txt")]
    public async Task Copy_Forms_PutFilesWhereDockerDoes(string instructions, string expected)
    {
        await using var images = await TestImages.OpenAsync();
        var build = new TestBuild(images).File("a.txt", "a").File("b.txt", "b").File("dir/one", "1").File("dir/sub/two", "2")
            .File("secret.key", "s").File(".dockerignore", "*.key\n.dockerignore\n");
        File.CreateSymbolicLink(Path.Combine(build.Context, "link.txt"), "a.txt");

        var image = await build.RunAsync($"FROM scratch\n{instructions}\n");

        Assert.Equal(expected, string.Join(' ', Files((await build.TreeAsync(image)).Root, "")));
    }

    [Fact]
    public async Task Copy_FileChangesAfterItWasHashed_IsNoticed()
    {
        await using var images = await TestImages.OpenAsync();
        var build = new TestBuild(images).File("a.txt", "first").File("b.txt", "b");
        var layer = images.NewDirectory("layer");
        var plan = CopyPlan.Make(
            BuildSource.OfContext(build.Context, DockerIgnore.None), ["a.txt", "b.txt"], "/d/", new MergedTree([]));
        var hashed = plan.Hash(TestImages.Timeout);
        Assert.Equal(hashed, Write());

        build.File("a.txt", "other");

        Assert.NotEqual(hashed, Write());

        Coxswain.Engine.Images.Digest Write() => new CopyWriter(new LayerWriter(layer, []), keepOwners: false, owner: null, mode: null)
            .Write(plan, TestImages.Timeout);
    }

    [Fact]
    public async Task Workdir_WithUser_BelongsToThatUser()
    {
        await using var images = await TestImages.OpenAsync();
        await images.AddBusyboxAsync();
        var build = new TestBuild(images);

        await build.RunAsync("""
            FROM busybox
            WORKDIR /of-root
            USER app
            WORKDIR /made/by/app
            WORKDIR /of-root
            RUN stat -c %U /of-root /made /made/by /made/by/app
            """);

        Assert.Equal(["root", "app", "app", "app"], build.Log.Output);
    }

    [Fact]
    public async Task Add_ChecksumOfUrl_IsCompared()
    {
        await using var server = await TestRegistry.StartAsync();
        var content = System.Text.Encoding.UTF8.GetBytes("from afar");
        server.Put("file", "text/plain", content);
        var digest = Coxswain.Engine.Images.Digest.Of(content);
        await using var images = await TestImages.OpenAsync();
        var build = new TestBuild(images).File("a", "a");
        var url = $"http://{server.Host}/v2/x/manifests/file";

        var image = await build.RunAsync($"FROM scratch\nADD --checksum={digest} {url} /f\n");

        Assert.Equal("from afar", await build.ReadAsync(image, "/f"));
        await FailsAsync($"ADD --checksum=sha256:{new string('0', 64)} {url} /f", "as --checksum says");
        await FailsAsync($"ADD --checksum=md5:1 {url} /f", "invalid --checksum");
        await FailsAsync($"ADD --checksum={digest} a /f", "for one file from a URL");

        async Task FailsAsync(string line, string problem)
        {
            var failure = await Assert.ThrowsAsync<BuildException>(() => build.RunAsync($"FROM scratch\n{line}\n"));
            Assert.Contains(problem, failure.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Copy_ThroughLinkedDirectory_FillsItsTarget()
    {
        await using var images = await TestImages.OpenAsync();
        var build = new TestBuild(images).File("root/usr/bin/base", "x").File("over/bin/tool", "t").File("one", "1");
        File.CreateSymbolicLink(Path.Combine(build.Context, "root/bin"), "usr/bin");

        var image = await build.RunAsync("FROM scratch\nCOPY root /\nCOPY over /\nCOPY one /bin/\n");

        var tree = await build.TreeAsync(image);
        Assert.Equal(["base", "one", "tool"], MergedTree.Children(tree.Find("/usr/bin")!).Select(node => node.Name));
        Assert.True(tree.Find("/bin", followLast: false)!.Status.IsSymbolicLink);
    }

    [Fact]
    public async Task Copy_IntoExistingDirectory_KeepsItsOwnerAndMode()
    {
        await using var images = await TestImages.OpenAsync();
        var build = new TestBuild(images).File("root/tmp/keep", "").File("new", "n");
        FileMetadata.ChangeMode(Path.Combine(build.Context, "root/tmp"), 0x3FF);

        var image = await build.RunAsync("FROM scratch\nCOPY root /\nCOPY new /tmp/\nWORKDIR /tmp/work\n");

        var tree = await build.TreeAsync(image);
        Assert.Equal(0x3FFu, tree.Find("/tmp")!.Status.Permissions);
        Assert.Equal(["keep", "new", "work"], MergedTree.Children(tree.Find("/tmp")!).Select(node => node.Name));
    }

    [Fact]
    public async Task Copy_HereDocuments_AreWrittenWithVariables()
    {
        await using var images = await TestImages.OpenAsync();
        var build = new TestBuild(images);

        var image = await build.RunAsync("FROM scratch\nARG V=7\nCOPY <<conf <<'raw' /etc/\nv=$V\nconf\nv=$V\nraw\n");

        Assert.Equal("v=7\n", await build.ReadAsync(image, "/etc/conf"));
        Assert.Equal("v=$V\n", await build.ReadAsync(image, "/etc/raw"));
    }

    [Fact]
    public async Task Add_LocalArchive_IsUnpackedAndOthersAreNot()
    {
        await using var images = await TestImages.OpenAsync();
        var build = new TestBuild(images).File("pack/inner.txt", "inner").File("plain.tar", "not really");
        await using (var file = File.Create(Path.Combine(build.Context, "pack.tgz")))
        await using (var gzip = new GZipStream(file, CompressionMode.Compress))
        {
            await TarFile.CreateFromDirectoryAsync(Path.Combine(build.Context, "pack"), gzip, includeBaseDirectory: false);
        }

        await using (var file = File.Create(Path.Combine(build.Context, "note.gz")))
        await using (var gzip = new GZipStream(file, CompressionMode.Compress))
        {
            gzip.Write("just text"u8);
        }

        var image = await build.RunAsync("FROM scratch\nADD pack.tgz /a/\nADD plain.tar note.gz /b/\nCOPY pack.tgz /c/\n");

        Assert.Equal(
            ["a/inner.txt", "b/note.gz", "b/plain.tar", "c/pack.tgz"], Files((await build.TreeAsync(image)).Root, ""));
    }

    [Theory]
    [InlineData("COPY secret.key /", "is not in the build context, or .dockerignore excludes it")]
    [InlineData("COPY dir /x\nCOPY a.txt /x\nCOPY a.txt /x/one/", "is a file, not a directory")]
    [InlineData("COPY a.txt /f\nCOPY dir /f", "over file /f")]
    [InlineData("COPY --chmod=u+x a.txt /", "invalid --chmod")]
    [InlineData("ADD https://127.0.0.1:1/x.txt /", "cannot fetch https://127.0.0.1:1/x.txt")]
    public async Task Copy_Impossible_IsRefusedClearly(string instructions, string problem)
    {
        await using var images = await TestImages.OpenAsync();
        var build = new TestBuild(images).File("a.txt", "a").File("dir/one", "1").File("secret.key", "s").File(".dockerignore", "*.key\n");

        var failure = await Assert.ThrowsAsync<BuildException>(() => build.RunAsync($"FROM scratch\n{instructions}\n"));

        Assert.Contains(problem, failure.Message);
        Assert.True(failure.Line > 1);
    }

    private static IEnumerable<string> Files(MergedNode directory, string prefix) =>
        MergedTree.Children(directory).SelectMany(node => node.IsDirectory ? Files(node, $"{prefix}{node.Name}/") : [prefix + node.Name]);
}
