using System.Text;
using Coxswain.Engine.Images;
using Coxswain.Engine.Images.Documents;
using Coxswain.Engine.Images.Events;
using Coxswain.Engine.Images.Registry;
using Coxswain.Linux.Mounts;

namespace Coxswain.Engine.Tests.Images;

/// <summary>Pulls that meet one another, a bad line, a full disk or a hostile registry.</summary>
public sealed class PullTests
{
    private const int Cut = 300_000;

    private static CancellationToken Timeout => TestImages.Timeout;

    [Fact]
    public async Task PullAsync_ManyAtOnce_DownloadsOnce()
    {
        await using var registry = await TestRegistry.StartAsync();
        var name = await PushAsync(registry);
        await using var images = await TestImages.OpenAsync();
        var release = new TaskCompletionSource();
        registry.BeforeBlob = () => release.Task;
        registry.Requests.Clear();

        using var impatient = new CancellationTokenSource();
        var left = images.Engine.Registry.PullAsync(name, new PullOptions(), impatient.Token);
        var pulls = Enumerable.Range(0, 20).Select(_ => images.Engine.Registry.PullAsync(name, new PullOptions(), Timeout)).ToArray();
        await impatient.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => left);
        release.SetResult();
        var pulled = await Task.WhenAll(pulls);

        Assert.Single(pulled.Select(image => image.Id).Distinct());
        Assert.Equal(2, registry.Requests.Count(request => request.Contains("/blobs/", StringComparison.Ordinal)));
        Assert.Single(registry.Requests, request => request.Contains("/manifests/", StringComparison.Ordinal));
    }

    [Fact]
    public async Task PullAsync_AllStopWaiting_EndsTheDownload()
    {
        await using var registry = await TestRegistry.StartAsync();
        var name = await PushAsync(registry);
        await using var images = await TestImages.OpenAsync();
        var asked = new TaskCompletionSource();
        var release = new TaskCompletionSource();
        registry.BeforeBlob = () =>
        {
            asked.TrySetResult();
            return release.Task;
        };
        using var stop = new CancellationTokenSource();
        var pull = images.Engine.Registry.PullAsync(name, new PullOptions(), stop.Token);
        await asked.Task.WaitAsync(Timeout);

        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => pull);

        Assert.Empty(Directory.EnumerateDirectories(images.Store.Paths.Sessions));
        release.SetResult();
        await images.Engine.Registry.PullAsync(name, new PullOptions(), Timeout);
    }

    [Fact]
    public async Task PullAsync_DownloadBreaksOff_TheNextGoesOn()
    {
        await using var registry = await TestRegistry.StartAsync();
        var name = await PushAsync(registry);
        await using var images = await TestImages.OpenAsync();
        registry.CutAfter = Cut;

        var failure = await Assert.ThrowsAsync<ImageException>(() => images.Engine.Registry.PullAsync(name, new PullOptions(), Timeout));
        Assert.Equal(ImageErrorKind.Unreachable, failure.Kind);
        var partial = Directory.EnumerateFiles(images.Store.Paths.Partials).Select(file => new FileInfo(file).Length).Max();
        Assert.InRange(partial, 1, Cut);
        await images.Engine.Registry.PullAsync(name, new PullOptions(), Timeout);

        Assert.Contains($"bytes={partial}-", registry.Requests);
        Assert.NotNull(await images.Store.FindAsync(name, Timeout));
    }

    [Fact]
    public async Task PullAsync_DiskIsFull_SaysSoAndGoesOnLater()
    {
        await using var registry = await TestRegistry.StartAsync();
        var name = await PushAsync(registry);
        await using var images = await TestImages.OpenAsync();
        var mounts = new KernelMounts();
        mounts.Mount(MountRequest.Tmpfs(images.Options.DataDirectory, "size=512k"));
        try
        {
            await images.ReopenAsync();
            var failure = await Assert.ThrowsAsync<ImageException>(
                () => images.Engine.Registry.PullAsync(name, new PullOptions(), Timeout));
            Assert.Contains("no space left on the disk", failure.Message, StringComparison.Ordinal);

            mounts.Mount(new MountRequest("tmpfs", images.Options.DataDirectory, "tmpfs", MountFlags.Remount, "size=64m"));
            await images.Engine.Registry.PullAsync(name, new PullOptions(), Timeout);
            Assert.Contains(registry.Requests, request => request.StartsWith("bytes=", StringComparison.Ordinal));
        }
        finally
        {
            mounts.Unmount(images.Options.DataDirectory);
        }
    }

    [Theory]
    [InlineData("{\"token\":\"a b\"}")]
    [InlineData("{\"token\":\"a\\r\\nX: y\"}")]
    [InlineData("{\"token\":null}")]
    [InlineData("[]")]
    [InlineData("")]
    public async Task PullAsync_TokenServiceAnswersNonsense_IsRefused(string answer)
    {
        await using var registry = await TestRegistry.StartAsync("secret");
        registry.TokenAnswer = answer;

        await FailsAsync(registry, ImageErrorKind.Unauthorized, "token service");
    }

    [Fact]
    public async Task PullAsync_AnswersWithoutEnd_AreCutOff()
    {
        await using var registry = await TestRegistry.StartAsync("secret");
        registry.TokenAnswer = $"{{\"token\":\"{new string('x', 300_000)}\"}}";
        await FailsAsync(registry, ImageErrorKind.Invalid, "too large");

        await using var open = await TestRegistry.StartAsync();
        open.Put("1", MediaTypes.OciManifest, new byte[DocumentChecks.MostDocumentBytes + 1]);
        await FailsAsync(open, ImageErrorKind.Invalid, "too large");
    }

    [Theory]
    [InlineData("\"layers\":[null]", "names no content")]
    [InlineData("\"layers\":null", "is not valid")]
    [InlineData("\"layers\":[{\"mediaType\":\"x\",\"size\":1}]", "names no content")]
    [InlineData("\"layers\":[{\"mediaType\":\"x\",\"digest\":\"sha256:0000000000000000000000000000000000000000000000000000000000000000\",\"size\":-1}]", "negative")]
    [InlineData("\"layers\":[],\"big\":true", "too large")]
    [InlineData("\"layers\":[],\"deep\":true", "is not valid")]
    [InlineData("\"many\":true", "layers are more than")]
    public async Task PullAsync_HostileManifest_IsRefused(string part, string problem)
    {
        const string Descriptor = """{"mediaType":"x","digest":"sha256:0000000000000000000000000000000000000000000000000000000000000000","size":1}""";
        var size = part.Contains("big", StringComparison.Ordinal) ? DocumentChecks.MostDocumentBytes + 1 : 1;
        part = part.Replace("\"deep\":true", $"\"deep\":{new string('[', 1000)}{new string(']', 1000)}", StringComparison.Ordinal)
            .Replace("\"many\":true", $"\"layers\":[{string.Join(',', Enumerable.Repeat(Descriptor, 501))}]", StringComparison.Ordinal);
        var config = Descriptor.Replace("\"size\":1", $"\"size\":{size}", StringComparison.Ordinal);
        var manifest = "{\"schemaVersion\":2,\"config\":" + config + "," + part + "}";
        await using var registry = await TestRegistry.StartAsync();
        registry.Put("1", MediaTypes.OciManifest, Encoding.UTF8.GetBytes(manifest));

        await FailsAsync(registry, ImageErrorKind.Invalid, problem);
    }

    [Fact]
    public async Task Events_WhatHappensToImages_IsTold()
    {
        await using var registry = await TestRegistry.StartAsync();
        var name = await PushAsync(registry);
        await using var images = await TestImages.OpenAsync();
        var changes = new List<ImageChange>();
        using var broken = images.Store.Events.Subscribe(_ => throw new InvalidOperationException("an observer that fails"));
        using (images.Store.Events.Subscribe(changes.Add))
        {
            await images.Engine.Registry.PullAsync(name, new PullOptions(), Timeout);
            await images.Store.TagAsync(name, "other:1", Timeout);
            await images.Store.RemoveAsync("other:1", force: false, Timeout);
            await images.Store.RemoveAsync(name, force: false, Timeout);
        }

        await images.AddBusyboxAsync("unseen");

        Assert.Equal(
            [
                (ImageChangeKind.Pull, name), (ImageChangeKind.Tag, "docker.io/library/other:1"),
                (ImageChangeKind.Untag, "docker.io/library/other:1"), (ImageChangeKind.Untag, name),
                (ImageChangeKind.Delete, changes[0].Digest.ToString()),
            ],
            changes.Select(change => (change.Kind, change.Name)));
    }

    [Fact]
    public void Credentials_DockerConfig_AreFoundOrRefusedClearly()
    {
        var path = Path.GetTempFileName();
        File.WriteAllText(path, $$$"""
            {"auths":{"https://index.docker.io/v1/":{"auth":"{{{Base64("me:a:b")}}}"},"ghcr.io":{},"quay.io":{"identitytoken":"x"},
              "bad.example":{"auth":"%%"},"host:5000":{"username":"u","password":"p"}},
             "credsStore":"desktop","credHelpers":{"gcr.io":"gcloud"},"unknown":[1]}
            """);
        try
        {
            var file = DockerConfigFile.Load(path);

            Assert.Equal(new RegistryCredentials("me", "a:b"), file.Find("docker.io"));
            Assert.Equal(new RegistryCredentials("u", "p"), file.Find("host:5000"));
            Assert.Null(file.Find("elsewhere.example"));
            Assert.Contains("docker-credential-desktop", Assert.Throws<ImageException>(() => file.Find("ghcr.io")).Message);
            Assert.Contains("docker-credential-gcloud", Assert.Throws<ImageException>(() => file.Find("gcr.io")).Message);
            Assert.Contains("identity token", Assert.Throws<ImageException>(() => file.Find("quay.io")).Message);
            Assert.Contains("malformed", Assert.Throws<ImageException>(() => file.Find("bad.example")).Message);
            Assert.Null(DockerConfigFile.Load(path + ".missing").Find("docker.io"));
        }
        finally
        {
            File.Delete(path);
        }
    }

    private static string Base64(string text) => Convert.ToBase64String(Encoding.UTF8.GetBytes(text));

    private static async Task<string> PushAsync(TestRegistry registry)
    {
        await using var images = await TestImages.OpenAsync();
        var name = $"{registry.Host}/a/b:1";
        await images.AddBusyboxAsync(name);
        await images.Engine.Pusher.PushAsync(name, null, null, Timeout);
        return name;
    }

    private static async Task FailsAsync(TestRegistry registry, ImageErrorKind kind, string problem)
    {
        await using var images = await TestImages.OpenAsync();
        var options = new PullOptions { Credentials = new RegistryCredentials("me", "secret") };
        var failure = await Assert.ThrowsAsync<ImageException>(
            () => images.Engine.Registry.PullAsync($"{registry.Host}/a/b:1", options, Timeout));
        Assert.Contains(problem, failure.Message, StringComparison.Ordinal);
        Assert.Equal(kind, failure.Kind);
    }
}
