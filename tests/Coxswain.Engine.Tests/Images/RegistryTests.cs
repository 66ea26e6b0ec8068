using System.Text;
using Coxswain.Engine.Images;
using Coxswain.Engine.Images.Documents;
using Coxswain.Engine.Images.Registry;
using Coxswain.Engine.Tests.Builder;

namespace Coxswain.Engine.Tests.Images;

public sealed class RegistryTests
{
    private static readonly RegistryCredentials Me = new("me", "secret");

    private static CancellationToken Timeout => TestImages.Timeout;

    [Theory]
    [InlineData(null)]
    [InlineData("secret")]
    public async Task PushThenPull_WithAndWithoutToken_GivesTheSameImage(string? password)
    {
        await using var registry = await TestRegistry.StartAsync(password);
        await using var images = await TestImages.OpenAsync();
        var name = $"{registry.Host}/a/b:1";
        var image = await images.AddBusyboxAsync(name);
        var digest = await images.Engine.Pusher.PushAsync(name, Me, null, Timeout);
        Assert.Equal([$"{registry.Host}/a/b@{digest}"], (await images.Store.GetAsync(name, Timeout)).RepositoryDigests);

        await using var others = await TestImages.OpenAsync();
        var pulled = await others.Engine.Registry.PullAsync(name, new PullOptions { Credentials = Me }, Timeout);
        Assert.Equal(image.Id, pulled.Id);
        Assert.Equal(name, pulled.Tags.Single().Familiar);
        Assert.Single(await others.Store.PrepareLayersAsync(pulled, Timeout));
        var byDigest = await others.Engine.Registry.PullAsync($"{registry.Host}/a/b@{digest}", new PullOptions { Credentials = Me }, Timeout);
        Assert.Equal(image.Id, byDigest.Id);

        // What is there already is not sent or fetched again.
        registry.Requests.Clear();
        await images.Engine.Pusher.PushAsync(name, Me, null, Timeout);
        await others.Engine.Registry.PullAsync(name, new PullOptions { Credentials = Me }, Timeout);
        Assert.DoesNotContain(registry.Requests, request => request.StartsWith("POST") || request.StartsWith("GET /v2/a/b/blobs"));
    }

    [Fact]
    public async Task PullAsync_Index_TakesThisMachinesPlatform()
    {
        await using var registry = await TestRegistry.StartAsync();
        await using var images = await TestImages.OpenAsync();
        var name = $"{registry.Host}/a/b:1";
        var image = await images.AddBusyboxAsync(name);
        var digest = await images.Engine.Pusher.PushAsync(name, null, null, Timeout);
        var index = Encoding.UTF8.GetBytes($$$"""
            {"schemaVersion":2,"manifests":[
              {"mediaType":"{{{MediaTypes.OciManifest}}}","digest":"sha256:{{{new string('0', 64)}}}","size":1,"platform":{"os":"linux","architecture":"s390x"}},
              {"mediaType":"{{{MediaTypes.OciManifest}}}","digest":"{{{digest}}}","size":1,"platform":{"os":"linux","architecture":"{{{Platform.Current.Architecture}}}"}}]}
            """);
        registry.Put("many", MediaTypes.OciIndex, index);
        registry.Put("none", MediaTypes.DockerIndex, Encoding.UTF8.GetBytes("""{"schemaVersion":2,"manifests":[]}"""));

        await using var others = await TestImages.OpenAsync();
        var pulled = await others.Engine.Registry.PullAsync($"{registry.Host}/a/b:many", new PullOptions(), Timeout);

        Assert.Equal(image.Id, pulled.Id);
        Assert.Equal([$"{registry.Host}/a/b@{Digest.Of(index)}"], pulled.RepositoryDigests);
        await FailsAsync(others, $"{registry.Host}/a/b:none", null, ImageErrorKind.NotFound, "is not there for linux/");
    }

    [Fact]
    public async Task PullAsync_Refusals_SayWhy()
    {
        await using var open = await TestRegistry.StartAsync();
        await using var closed = await TestRegistry.StartAsync("secret");
        await using var images = await TestImages.OpenAsync();

        await FailsAsync(images, $"{open.Host}/a/b:missing", null, ImageErrorKind.NotFound, "a/b:missing: not found");
        await FailsAsync(images, $"{closed.Host}/a/b:1", null, ImageErrorKind.Unauthorized, "is denied");
        await FailsAsync(images, $"{closed.Host}/a/b:1", new RegistryCredentials("me", "wrong"), ImageErrorKind.Unauthorized, "is denied");
        await FailsAsync(images, $"{closed.Host}/a/b:1", Me, ImageErrorKind.NotFound, "not found");
        open.Put("html", "text/html", Encoding.UTF8.GetBytes("<html>"));
        await FailsAsync(images, $"{open.Host}/a/b:html", null, ImageErrorKind.Unsupported, "text/html");
    }

    [Fact]
    public async Task PullAsync_BlobIsNotWhatWasAskedFor_IsRefused()
    {
        await using var registry = await TestRegistry.StartAsync();
        await using var images = await TestImages.OpenAsync();
        var name = $"{registry.Host}/a/b:1";
        var image = await images.AddBusyboxAsync(name);
        await images.Engine.Pusher.PushAsync(name, null, null, Timeout);
        registry.Damage(image.Manifest.Layers[0].Digest);

        await using var others = await TestImages.OpenAsync();

        await FailsAsync(others, name, null, ImageErrorKind.Corrupt, "expected");
        Assert.Null(await others.Store.FindAsync(name, Timeout));
        Assert.Empty(Directory.EnumerateDirectories(others.Store.Paths.Layers));
    }

    [Fact]
    public async Task BuildAsync_BaseIsOnlyInTheRegistry_PullsIt()
    {
        await using var registry = await TestRegistry.StartAsync("secret");
        await using var images = await TestImages.OpenAsync();
        var name = $"{registry.Host}/a/base:1";
        await images.AddBusyboxAsync(name);
        await images.Engine.Pusher.PushAsync(name, Me, null, Timeout);

        await using var others = await TestImages.OpenAsync();
        var build = new TestBuild(others);
        var config = Path.Combine(others.Directory, "config.json");
        var auth = Convert.ToBase64String(Encoding.UTF8.GetBytes("me:secret"));
        await File.WriteAllTextAsync(config, "{\"auths\":{\"" + registry.Host + "\":{\"auth\":\"" + auth + "\"}}}");
        var built = await build.RunAsync(
            $"FROM {name}\nRUN echo pulled > /x\n", options => options with { Credentials = DockerConfigFile.Load(config) });

        Assert.Equal("pulled\n", await build.ReadAsync(built, "/x"));
    }

    private static async Task FailsAsync(
        TestImages images, string name, RegistryCredentials? credentials, ImageErrorKind kind, string problem)
    {
        var failure = await Assert.ThrowsAsync<ImageException>(
            () => images.Engine.Registry.PullAsync(name, new PullOptions { Credentials = credentials }, Timeout));
        Assert.True(kind == failure.Kind, failure.ToString());
        Assert.Contains(problem, failure.Message);
    }
}
