using Coxswain.Engine.Tests.Containers;

namespace Coxswain.Engine.Tests.Snapshots;

public sealed class OverlaySnapshotsTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(120)]
    public async Task Prepare_AnyNumberOfLayers_TopOneWins(int count)
    {
        await using var test = await TestEngine.StartAsync();
        var layers = MakeLayers(test, count);
        var snapshot = await test.Engine.Snapshots.PrepareAsync("s", layers, TestEngine.Timeout);
        for (var i = 0; i < count; i++)
        {
            Assert.True(File.Exists(Path.Combine(snapshot.RootDirectory, $"only-{i}")));
        }

        Assert.Equal(count > 0 ? "0" : "none", count > 0 ? await File.ReadAllTextAsync(Path.Combine(snapshot.RootDirectory, "shared")) : "none");
        await File.WriteAllTextAsync(Path.Combine(snapshot.RootDirectory, "new"), "x");
        Assert.True(File.Exists(Path.Combine(snapshot.UpperDirectory, "new")));
    }

    [Fact]
    public async Task Prepare_AfterUnmount_HasWhatWasWritten()
    {
        await using var test = await TestEngine.StartAsync();
        var layers = MakeLayers(test, 2);
        var snapshot = await test.Engine.Snapshots.PrepareAsync("s", layers, TestEngine.Timeout);
        await File.WriteAllTextAsync(Path.Combine(snapshot.RootDirectory, "new"), "x");
        await test.Engine.Snapshots.UnmountAsync("s", TestEngine.Timeout);
        Assert.Empty(Directory.EnumerateFileSystemEntries(snapshot.RootDirectory));
        var found = test.Engine.Snapshots.Find("s")!;
        Assert.Equal(layers, found.LayerDirectories);
        var again = await test.Engine.Snapshots.PrepareAsync("s", found.LayerDirectories, TestEngine.Timeout);
        Assert.Equal("x", await File.ReadAllTextAsync(Path.Combine(again.RootDirectory, "new")));
    }

    [Fact]
    public async Task Remove_Twice_LeavesNothing()
    {
        await using var test = await TestEngine.StartAsync();
        var snapshot = await test.Engine.Snapshots.PrepareAsync("s", MakeLayers(test, 1), TestEngine.Timeout);
        await test.Engine.Snapshots.RemoveAsync("s", TestEngine.Timeout);
        await test.Engine.Snapshots.RemoveAsync("s", TestEngine.Timeout);
        Assert.Null(test.Engine.Snapshots.Find("s"));
        Assert.False(Directory.Exists(Path.GetDirectoryName(snapshot.RootDirectory)));
        Assert.DoesNotContain(snapshot.RootDirectory, await File.ReadAllTextAsync("/proc/self/mountinfo"));
    }

    [Theory]
    [InlineData("")]
    [InlineData("..")]
    [InlineData("a/b")]
    public async Task Prepare_IdThatIsAPath_IsRefused(string id)
    {
        await using var test = await TestEngine.StartAsync();
        await Assert.ThrowsAsync<EngineException>(() => test.Engine.Snapshots.PrepareAsync(id, [], TestEngine.Timeout));
    }

    /// <summary>Layers with a colon and a comma in their paths, and a file of that name in all of them.</summary>
    private static List<string> MakeLayers(TestEngine test, int count)
    {
        var layers = new List<string>();
        for (var i = 0; i < count; i++)
        {
            var layer = Path.Combine(test.LogDirectory, "layers", $"sha256:{i:x64},x");
            Directory.CreateDirectory(layer);
            File.WriteAllText(Path.Combine(layer, $"only-{i}"), "");
            File.WriteAllText(Path.Combine(layer, "shared"), $"{i}");
            layers.Add(layer);
        }

        return layers;
    }
}
