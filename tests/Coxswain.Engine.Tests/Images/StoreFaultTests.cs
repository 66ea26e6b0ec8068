using System.Text;
using Coxswain.Engine.Images;
using Coxswain.Engine.Images.Archives;
using Coxswain.Engine.Images.Layers;
using Coxswain.Engine.Images.Stores;
using Coxswain.Engine.Images.Tar;
using Coxswain.Linux;
using Coxswain.Linux.Files;
using Coxswain.Linux.Mounts;

namespace Coxswain.Engine.Tests.Images;

/// <summary>The store after power cuts, beside removals, and with names that are no text.</summary>
public sealed class StoreFaultTests
{
    private static readonly string OddName = RawName.FromBytes([(byte)'n', 0xFF, 0xFE]);

    private static CancellationToken Timeout => TestImages.Timeout;

    [Fact]
    public async Task RemoveAsync_ImageIsLeased_KeepsItsLayersUntilTheLeaseEnds()
    {
        await using var images = await TestImages.OpenAsync();
        var image = await images.AddBusyboxAsync("leased");

        using (var lease = await images.Store.LeaseAsync(image, Timeout))
        {
            await images.Store.RemoveAsync("leased", force: true, Timeout);
            Assert.All(lease.LayerDirectories, directory => Assert.True(Directory.Exists(directory)));
        }

        await images.Store.PruneAsync(new ImagePruneOptions(), Timeout);
        Assert.Empty(Directory.EnumerateDirectories(images.Store.Paths.Layers));
    }

    [Fact]
    public async Task LeaseAsync_WhileTheImageIsSwept_FailsOrHoldsAllLayers()
    {
        await using var images = await TestImages.OpenAsync();
        var image = await images.AddBusyboxAsync("swept");
        var usage = new HookedUsage();
        var store = await ImageStore.OpenAsync(
            images.Options.DataDirectory, TimeProvider.System, new MountRecovery(new KernelMounts()), usage, Timeout);
        Task<ImageLease>? late = null;
        usage.BeforeSweep = () => late ??= images.Store.LeaseAsync(image, Timeout);

        await store.RemoveAsync("swept", force: true, Timeout);

        var failure = await Assert.ThrowsAsync<ImageException>(() => late!);
        Assert.Equal(ImageErrorKind.NotFound, failure.Kind);
    }

    [Fact]
    public async Task RemoveAsync_LeaseBecomesAContainerMeanwhile_KeepsItsLayers()
    {
        await using var images = await TestImages.OpenAsync();
        var image = await images.AddBusyboxAsync("raced");
        var usage = new HookedUsage();
        var store = await ImageStore.OpenAsync(
            images.Options.DataDirectory, TimeProvider.System, new MountRecovery(new KernelMounts()), usage, Timeout);
        var lease = await images.Store.LeaseAsync(image, Timeout);
        // Asked while the lease is held, and answered "none"; by then the container is there and the lease is not.
        usage.BeforeSweep = lease.Dispose;

        await store.RemoveAsync("raced", force: true, Timeout);

        Assert.All(lease.LayerDirectories, directory => Assert.True(Directory.Exists(directory)));
        lease.Dispose();
    }

    [Theory]
    [InlineData("")]
    [InlineData("{\"images\":{\"sha256:")]
    [InlineData("{\"images\":{\"nonsense\":null}}")]
    public async Task OpenAsync_ReferencesDamaged_UsesThoseBefore(string content)
    {
        await using var images = await TestImages.OpenAsync();
        await images.AddBusyboxAsync("first");
        await images.Store.TagAsync("first", "second", Timeout);
        await File.WriteAllTextAsync(images.Store.Paths.References, content);

        await images.ReopenAsync();

        Assert.Equal(["first:latest"], (await images.Store.GetAsync("first", Timeout)).Tags.Select(tag => tag.Familiar));
        await images.Store.TagAsync("first", "third", Timeout);
        Assert.NotNull(await images.Store.FindAsync("third", Timeout));
    }

    [Fact]
    public async Task ListAsync_DocumentDamaged_PassesOverIt()
    {
        await using var images = await TestImages.OpenAsync();
        var damaged = await images.AddBusyboxAsync("damaged");
        var build = new Builder.TestBuild(images).File("a", "a");
        await build.RunAsync("FROM scratch\nCOPY a /a\n");
        using var archive = new MemoryStream();
        await images.Engine.Saver.SaveAsync(["damaged"], archive, ImageArchiveFormat.Docker, Timeout);
        await File.WriteAllTextAsync(images.Store.Paths.Blob(damaged.Id), "");
        await images.ReopenAsync();

        Assert.Equal(["test/app:1"], (await images.Store.ListAsync(Timeout)).SelectMany(image => image.Tags).Select(tag => tag.Familiar));
        await images.Store.PruneAsync(new ImagePruneOptions(), Timeout);
        archive.Position = 0;
        await images.Engine.Loader.LoadAsync(archive, Timeout);
        Assert.NotNull(await images.Store.FindAsync("damaged", Timeout));
    }

    [Fact]
    public async Task LeaseAsync_LayerDescriptionDamaged_UnpacksAgain()
    {
        await using var images = await TestImages.OpenAsync();
        var image = await images.AddBusyboxAsync("torn");
        var description = Directory.EnumerateFiles(images.Store.Paths.Layers, "layer.json", SearchOption.AllDirectories).Single();
        await File.WriteAllBytesAsync(description, new byte[100]);

        using var lease = await images.Store.LeaseAsync(image, Timeout);

        Assert.NotNull(new MergedTree(lease.LayerDirectories).Find("/bin/busybox"));
    }

    [Fact]
    public async Task OpenAsync_DeadSessionHoldsOddNames_RemovesIt()
    {
        await using var images = await TestImages.OpenAsync();
        var dead = Path.Combine(images.Store.Paths.Sessions, "dead");
        Directory.CreateDirectory(Path.Combine(dead, "layer-1", "fs"));
        RawFile.Create(Path.Combine(dead, "layer-1", "fs", OddName), 0x1A4).Dispose();

        await images.ReopenAsync();

        Assert.Empty(Directory.EnumerateDirectories(images.Store.Paths.Sessions));
    }

    [Fact]
    public async Task BuildAsync_StepMakesOddNames_AreInTheImageAndGoWithIt()
    {
        await using var images = await TestImages.OpenAsync();
        await images.AddBusyboxAsync();
        var build = new Builder.TestBuild(images);
        var image = await build.RunAsync("FROM busybox\nRUN mkdir /odd && touch \"/odd/$(printf 'n\\377\\376')\"\n");
        using var archive = new MemoryStream();
        await images.Engine.Saver.SaveAsync(["test/app:1"], archive, ImageArchiveFormat.Docker, Timeout);
        archive.Position = 0;
        await using var others = await TestImages.OpenAsync();
        await others.Engine.Loader.LoadAsync(archive, Timeout);

        var loaded = await others.Store.GetAsync("test/app:1", Timeout);
        using (var lease = await others.Store.LeaseAsync(loaded, Timeout))
        {
            var directory = new MergedTree(lease.LayerDirectories).Find("/odd");
            Assert.Equal([OddName], MergedTree.Children(directory!).Select(child => child.Name));
        }

        await others.Store.RemoveAsync("test/app:1", force: false, Timeout);
        Assert.Empty(Directory.EnumerateDirectories(others.Store.Paths.Layers));
        Assert.Equal(image.Id, loaded.Id);
    }

    [Fact]
    public async Task LoadAsync_SeveralNames_ReturnsAll()
    {
        await using var images = await TestImages.OpenAsync();
        await images.AddBusyboxAsync("one");
        await images.Store.TagAsync("one", "two", Timeout);
        using var archive = new MemoryStream();
        await images.Engine.Saver.SaveAsync(["one", "two"], archive, ImageArchiveFormat.Docker, Timeout);
        archive.Position = 0;

        var (_, names) = Assert.Single(await images.Engine.Loader.LoadAsync(archive, Timeout));

        Assert.Equal(["one:latest", "two:latest"], names.Select(name => name.Familiar).Order());
    }

    [Fact]
    public async Task SaveAsync_OneImageIsUnknown_WritesNothing()
    {
        await using var images = await TestImages.OpenAsync();
        await images.AddBusyboxAsync("known");
        using var target = new MemoryStream();

        await Assert.ThrowsAsync<ImageException>(
            () => images.Engine.Saver.SaveAsync(["known", "nosuch"], target, ImageArchiveFormat.Docker, Timeout));

        Assert.Equal(0, target.Length);
    }

    [Theory]
    [InlineData("path", 4097, "too long")]
    [InlineData("linkpath", 4097, "too long")]
    [InlineData("path", 1_100_000, "too large")]
    public void TarReader_LongNames_AreRefused(string key, int length, string problem)
    {
        var record = $" {key}={new string('x', length)}\n";
        var total = record.Length + 4;
        total = record.Length + total.ToString().Length;
        var pax = Encoding.ASCII.GetBytes(total + record);
        using var tar = new MemoryStream();
        using (var writer = new TarWriter(tar))
        {
            using var content = new MemoryStream(pax);
            writer.Write(new TarEntry { Name = "pax", Type = TarEntryType.File, Size = pax.Length }, content);
            writer.Write("file", "x"u8.ToArray(), 0);
        }

        var bytes = tar.ToArray();
        SetType(bytes, (byte)'x');

        var failure = Assert.Throws<ImageException>(() => new TarReader(new MemoryStream(bytes)).Next());
        Assert.Contains(problem, failure.Message, StringComparison.Ordinal);
    }

    /// <summary>Makes the first header one of another type, with a sum to match.</summary>
    private static void SetType(byte[] tar, byte type)
    {
        tar[156] = type;
        tar.AsSpan(148, 8).Fill((byte)' ');
        var sum = tar.AsSpan(0, 512).ToArray().Sum(value => value);
        Encoding.ASCII.GetBytes(Convert.ToString(sum, 8).PadLeft(6, '0') + "\0 ").CopyTo(tar.AsSpan(148));
    }

    private sealed class HookedUsage : IImageUsage
    {
        public Action BeforeSweep { get; set; } = () => { };

        public Task<IReadOnlyList<ImageUse>> ListAsync(CancellationToken cancellationToken) =>
            Task.FromResult<IReadOnlyList<ImageUse>>([]);

        public Task<IReadOnlyCollection<string>> ListLayerDirectoriesAsync(CancellationToken cancellationToken)
        {
            BeforeSweep();
            return Task.FromResult<IReadOnlyCollection<string>>([]);
        }
    }
}
