using System.Diagnostics;
using Coxswain.Engine.Images;
using Coxswain.Engine.Images.Archives;
using Coxswain.Engine.Images.Registry;
using Coxswain.Engine.Images.Storage;
using Coxswain.Engine.Images.Stores;
using Coxswain.Engine.Tests.Builder;

namespace Coxswain.Engine.Tests.Images;

public sealed class ImageStoreTests
{
    private static CancellationToken Timeout => TestImages.Timeout;

    [Fact]
    public async Task FindAsync_NamesIdsAndPrefixes_FindTheImage()
    {
        await using var images = await TestImages.OpenAsync();
        var image = await images.AddBusyboxAsync("reg.example.com:5000/tools/busybox:1.35");
        await images.Store.TagAsync(image.Id.Short, "busybox", Timeout);

        foreach (var name in new[]
        {
            "busybox", "docker.io/library/busybox:latest", "reg.example.com:5000/tools/busybox:1.35", image.Id.ToString(), image.Id.Hex,
            image.Id.Short, $"busybox@{image.ManifestDescriptor.Digest}",
        })
        {
            Assert.Equal(image.Id, (await images.Store.GetAsync(name, Timeout)).Id);
        }

        Assert.Null(await images.Store.FindAsync("busybox:2", Timeout));
        Assert.Null(await images.Store.FindAsync("Not Valid", Timeout));
    }

    [Fact]
    public async Task RemoveAsync_ManyImages_AreNotRememberedEither()
    {
        await using var images = await TestImages.OpenAsync();
        await images.AddBusyboxAsync("busybox");
        var build = new TestBuild(images);
        for (var i = 0; i < 4; i++)
        {
            var app = await build.RunAsync($"FROM busybox\nLABEL n={i}\n");
            await images.Store.RemoveAsync(app.Id.ToString(), force: true, Timeout);
        }

        Assert.Single(await images.Store.ListAsync(Timeout));
        Assert.Equal(1, images.Store.CachedImages);
    }

    [Fact]
    public async Task TagAsync_InAnotherProcess_IsSeenHere()
    {
        await using var images = await TestImages.OpenAsync();
        var image = await images.AddBusyboxAsync("one");
        using var other = await images.OpenAnotherAsync();

        await other.Store.TagAsync("one", "two", Timeout);
        Assert.Equal(image.Id, (await images.Store.GetAsync("two", Timeout)).Id);
        await images.Store.TagAsync("two", "three", Timeout);
        Assert.Equal(["one:latest", "three:latest", "two:latest"], (await other.Store.GetAsync("one", Timeout)).Tags.Select(tag => tag.Familiar));
    }

    [Fact]
    public async Task TagAsync_ManyAtOnce_LosesNone()
    {
        await using var images = await TestImages.OpenAsync();
        await images.AddBusyboxAsync("base");
        using var other = await images.OpenAnotherAsync();

        await Task.WhenAll(Enumerable.Range(0, 40).Select(
            i => Task.Run(() => (i % 2 == 0 ? images.Store : other.Store).TagAsync("base", $"tag:{i}", Timeout))));

        Assert.Equal(41, (await images.Store.GetAsync("base", Timeout)).Tags.Count);
    }

    [Theory]
    [InlineData(ImageArchiveFormat.Docker)]
    [InlineData(ImageArchiveFormat.Oci)]
    public async Task SaveThenLoad_SeveralImages_AreTheSameElsewhere(ImageArchiveFormat format)
    {
        await using var images = await TestImages.OpenAsync();
        await images.AddBusyboxAsync("busybox");
        var build = new TestBuild(images).File("a", "a");
        var app = await build.RunAsync("FROM busybox\nCOPY a /a\nCMD [\"cat\", \"/a\"]\n");
        using var archive = new MemoryStream();

        await images.Engine.Saver.SaveAsync(["test/app:1", "busybox"], archive, format, Timeout);
        archive.Position = 0;
        await using var others = await TestImages.OpenAsync();
        var loaded = await others.Engine.Loader.LoadAsync(archive, Timeout);

        Assert.Equal(["busybox:latest", "test/app:1"], loaded.SelectMany(image => image.Names).Select(tag => tag.Familiar).Order());
        var copy = await others.Store.GetAsync("test/app:1", Timeout);
        Assert.Equal(app.Id, copy.Id);
        Assert.Equal(app.ManifestDescriptor.Digest, copy.ManifestDescriptor.Digest);
        Assert.Equal(app.SizeBytes, copy.SizeBytes);
        Assert.Equal("a", await build.ReadAsync(copy, "/a"));
        Assert.Equal(2, (await others.Store.PrepareLayersAsync(copy, Timeout)).Count);
    }

    [Fact]
    public async Task LoadAsync_OldDockerFormatWithGzipLayers_IsUnderstood()
    {
        await using var images = await TestImages.OpenAsync();
        var rootfs = images.NewDirectory("rootfs");
        await File.WriteAllTextAsync(Path.Combine(rootfs, "hello"), "world");
        await ShellAsync(images.Directory, """
            mkdir -p old/layer1 && tar -C rootfs -cf old/layer1/layer.tar . && id=$(sha256sum < old/layer1/layer.tar | cut -d' ' -f1)
            gzip old/layer1/layer.tar && mv old/layer1/layer.tar.gz old/layer1/layer.tar && mkdir old/layer2 && ln -s ../layer1/layer.tar old/layer2/layer.tar
            printf '{"architecture":"amd64","os":"linux","config":{"Cmd":["/hello"]},"rootfs":{"type":"layers","diff_ids":["sha256:%s","sha256:%s"]}}' $id $id > old/config.json
            printf '[{"Config":"config.json","RepoTags":["old/app:v1"],"Layers":["layer1/layer.tar","layer2/layer.tar"]}]' > old/manifest.json
            tar -C old -czf old.tar.gz layer1 layer2 config.json manifest.json
            """);

        await using var archive = File.OpenRead(Path.Combine(images.Directory, "old.tar.gz"));
        var (image, _) = Assert.Single(await images.Engine.Loader.LoadAsync(archive, Timeout));

        Assert.Equal("old/app:v1", image.Tags.Single().Familiar);
        Assert.Equal(["/hello"], image.Config.Cmd!);
        var layers = await images.Store.PrepareLayersAsync(image, Timeout);
        Assert.Equal(2, layers.Count);
        Assert.Equal("world", await File.ReadAllTextAsync(Path.Combine(layers[0], "hello")));
    }

    [Theory]
    [InlineData("echo not a tar > a.tar", ImageErrorKind.Invalid)]
    [InlineData("mkdir e && tar -cf a.tar e", ImageErrorKind.Invalid)]
    [InlineData("echo '[{\"Config\":\"c\",\"Layers\":[]}]' > manifest.json && tar -cf a.tar manifest.json", ImageErrorKind.Invalid)]
    [InlineData("echo '{broken' > manifest.json && tar -cf a.tar manifest.json", ImageErrorKind.Invalid)]
    [InlineData("echo x > x && tar -cf - x | zstd -q > a.tar", ImageErrorKind.Unsupported)]
    [InlineData("echo x > x && tar -czf - x | head -c 60 > a.tar", ImageErrorKind.Invalid)]
    public async Task LoadAsync_Broken_SaysSoAndLeavesNothing(string script, ImageErrorKind kind)
    {
        await using var images = await TestImages.OpenAsync();
        await ShellAsync(images.Directory, script);
        await using var archive = File.OpenRead(Path.Combine(images.Directory, "a.tar"));

        var failure = await Assert.ThrowsAsync<ImageException>(() => images.Engine.Loader.LoadAsync(archive, Timeout));

        Assert.Equal(kind, failure.Kind);
        Assert.Empty(Directory.EnumerateFiles(images.Store.Paths.Blobs));
        Assert.Empty(Directory.EnumerateDirectories(images.Store.Paths.Sessions));
    }

    [Fact]
    public async Task LoadAsync_LayerIsNotWhatTheConfigurationSays_IsRefused()
    {
        await using var images = await TestImages.OpenAsync();
        await ShellAsync(images.Directory, """
            echo x > x && tar -cf layer.tar x
            printf '{"architecture":"amd64","os":"linux","rootfs":{"type":"layers","diff_ids":["sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"]}}' > c.json
            echo '[{"Config":"c.json","RepoTags":["evil:1"],"Layers":["layer.tar"]}]' > manifest.json
            tar -cf a.tar layer.tar c.json manifest.json
            """);
        await using var archive = File.OpenRead(Path.Combine(images.Directory, "a.tar"));

        var failure = await Assert.ThrowsAsync<ImageException>(() => images.Engine.Loader.LoadAsync(archive, Timeout));

        Assert.Equal(ImageErrorKind.Corrupt, failure.Kind);
        Assert.Null(await images.Store.FindAsync("evil:1", Timeout));
        Assert.Empty(Directory.EnumerateDirectories(images.Store.Paths.Layers));
    }

    [Fact]
    public async Task RemoveAsync_LastName_RemovesWhatNoOtherImageNeeds()
    {
        await using var images = await TestImages.OpenAsync();
        var busybox = await images.AddBusyboxAsync("busybox");
        var build = new TestBuild(images).File("a", "a");
        var app = await build.RunAsync("FROM busybox\nCOPY a /a\n");
        await images.Store.TagAsync("test/app:1", "test/app:2", Timeout);

        var first = await images.Store.RemoveAsync("test/app:1", force: false, Timeout);
        Assert.Equal(["test/app:1"], first.Untagged);
        Assert.Empty(first.Deleted);
        var second = await images.Store.RemoveAsync("test/app:2", force: false, Timeout);
        Assert.Equal(["test/app:2"], second.Untagged);
        Assert.Equal([app.Id], second.Deleted);

        // The builder remembers the layer until it is told to forget.
        await images.Store.PruneAsync(new ImagePruneOptions { BuildCache = true }, Timeout);
        Assert.Single(Directory.EnumerateDirectories(images.Store.Paths.Layers));
        Assert.Equal(3, Directory.EnumerateFiles(images.Store.Paths.Blobs).Count());
        Assert.Equal(busybox.Id, Assert.Single(await images.Store.ListAsync(Timeout)).Id);
        await images.Store.RemoveAsync(busybox.Id.Short, force: false, Timeout);
        Assert.Empty(Directory.EnumerateDirectories(images.Store.Paths.Layers));
        Assert.Empty(Directory.EnumerateFiles(images.Store.Paths.Blobs));
        await Assert.ThrowsAsync<ImageException>(() => images.Store.RemoveAsync("busybox", force: false, Timeout));
    }

    [Fact]
    public async Task RemoveAsync_UsedOrSeveralRepositories_FollowsDockersRules()
    {
        await using var images = await TestImages.OpenAsync();
        var image = await images.AddBusyboxAsync("busybox");
        await images.Store.TagAsync("busybox", "other", Timeout);
        var failure = await Assert.ThrowsAsync<ImageException>(() => images.Store.RemoveAsync(image.Id.Short, force: false, Timeout));
        Assert.Equal(ImageErrorKind.Conflict, failure.Kind);
        Assert.Contains("referenced in multiple repositories", failure.Message);

        var usage = new FixedUsage(image.Id);
        var store = await ImageStore.OpenAsync(
            images.Options.DataDirectory, TimeProvider.System, new MountRecovery(new Coxswain.Linux.Mounts.KernelMounts()), usage, Timeout);
        usage.Running = true;
        await store.RemoveAsync("other", force: false, Timeout);
        Assert.Contains("cannot be forced", (await Assert.ThrowsAsync<ImageException>(() => store.RemoveAsync("busybox", force: true, Timeout))).Message);
        usage.Running = false;
        Assert.Contains("must be forced", (await Assert.ThrowsAsync<ImageException>(() => store.RemoveAsync("busybox", force: false, Timeout))).Message);
        Assert.Empty((await store.PruneAsync(new ImagePruneOptions { All = true }, Timeout)).Deleted);

        usage.Layers = [.. await store.PrepareLayersAsync(image, Timeout)];
        Assert.Equal([image.Id], (await store.RemoveAsync("busybox", force: true, Timeout)).Deleted);
        Assert.True(Directory.Exists(usage.Layers[0]), "the container's layers went with its image");
    }

    [Fact]
    public async Task PruneAsync_Dangling_GoesAndNamedStays()
    {
        await using var images = await TestImages.OpenAsync();
        var busybox = await images.AddBusyboxAsync("busybox");
        var build = new TestBuild(images).File("a", "a");
        var old = await build.RunAsync("FROM busybox\nCOPY a /a\n");
        build.File("a", "b");
        var current = await build.RunAsync("FROM busybox\nCOPY a /a\n");

        var report = await images.Store.PruneAsync(new ImagePruneOptions(), Timeout);

        Assert.Equal([old.Id], report.Deleted);
        Assert.Equal(new[] { current.Id, busybox.Id }.ToHashSet(), (await images.Store.ListAsync(Timeout)).Select(image => image.Id).ToHashSet());
        Assert.True(report.SpaceReclaimedBytes > 0);
    }

    [Fact]
    public async Task OpenAsync_AfterKill_RemovesWhatWasHalfDone()
    {
        await using var images = await TestImages.OpenAsync();
        var paths = new StorePaths(images.Options.DataDirectory);
        var dead = Path.Combine(paths.Sessions, "0123456789ab");
        Directory.CreateDirectory(Path.Combine(dead, "layer-1/fs"));
        await File.WriteAllTextAsync(Path.Combine(dead, "blob-2"), "half");
        await File.WriteAllTextAsync(Path.Combine(dead, "lock"), "");
        await ShellAsync(dead, "mkdir m && mount -t tmpfs none m && touch m/x");
        using var alive = await images.Store.OpenSessionAsync(Timeout);

        using var other = await images.OpenAnotherAsync();

        Assert.Equal([alive.Directory], Directory.EnumerateDirectories(paths.Sessions));
    }

    [Fact]
    public async Task PrepareLayersAsync_LayersWereLost_UnpacksThemAgain()
    {
        await using var images = await TestImages.OpenAsync();
        var image = await images.AddBusyboxAsync();
        Directory.Delete(images.Store.Paths.Layers, recursive: true);
        await images.ReopenAsync();

        var layers = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => images.Store.PrepareLayersAsync(image, Timeout)));

        Assert.All(layers, directories => Assert.True(File.Exists(Path.Combine(directories[0], "bin/busybox"))));
    }

    [Fact]
    public async Task HistoryAsync_BuiltImage_NewestFirstWithSizes()
    {
        await using var images = await TestImages.OpenAsync();
        await images.AddBusyboxAsync();
        var build = new TestBuild(images).File("a", "12345");
        var image = await build.RunAsync("FROM busybox\nCOPY a /a\nENV X=1\n");

        var history = await images.Store.HistoryAsync("test/app:1", Timeout);

        Assert.Equal(["ENV X=1", "COPY a /a", ""], history.Select(line => line.CreatedBy));
        Assert.Equal([image.Id, null, null], history.Select(line => line.Id));
        Assert.Equal((0L, 5L), (history[0].SizeBytes, history[1].SizeBytes));
        Assert.True(history[2].SizeBytes > 1_000_000);
    }

    [Fact]
    public async Task PullAsync_NobodyListens_IsUnreachable()
    {
        await using var images = await TestImages.OpenAsync();

        var failure = await Assert.ThrowsAsync<ImageException>(
            () => images.Engine.Registry.PullAsync("127.0.0.1:1/x", new PullOptions(), Timeout));

        Assert.Equal(ImageErrorKind.Unreachable, failure.Kind);
        Assert.Contains("cannot reach 127.0.0.1:1", failure.Message);
    }

    private static async Task ShellAsync(string directory, string script)
    {
        using var shell = Process.Start(new ProcessStartInfo("/bin/sh", ["-e", "-c", script]) { WorkingDirectory = directory })!;
        await shell.WaitForExitAsync(Timeout);
        Assert.Equal(0, shell.ExitCode);
    }

    private sealed class FixedUsage(Digest image) : IImageUsage
    {
        public bool Running { get; set; }

        public string[] Layers { get; set; } = [];

        public Task<IReadOnlyList<ImageUse>> ListAsync(CancellationToken cancellationToken) =>
            Task.FromResult<IReadOnlyList<ImageUse>>([new ImageUse(image, "0123456789abcdef", Running)]);

        public Task<IReadOnlyCollection<string>> ListLayerDirectoriesAsync(CancellationToken cancellationToken) =>
            Task.FromResult<IReadOnlyCollection<string>>(Layers);
    }
}
