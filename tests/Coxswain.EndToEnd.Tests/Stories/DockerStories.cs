using Coxswain.EndToEnd.Tests.Infrastructure;

namespace Coxswain.EndToEnd.Tests.Stories;

/// <summary>What the texts do with Docker, with Docker's own client.</summary>
[Collection(ClusterCollection.Name)]
public sealed class DockerStories(Cluster cluster) : IAsyncLifetime
{
    private readonly Docker _docker = new(cluster);
    private readonly string _directory = Directory.CreateTempSubdirectory("coxswain-docker-").FullName;

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync()
    {
        if (await _docker.OutputAsync("ps", "-aq") is { Length: > 0 } left)
        {
            await _docker.RunAsync(["rm", "-f", "-v", .. left.Split('\n')]);
        }

        await _docker.RunAsync("network", "prune", "-f");
        await _docker.RunAsync("volume", "prune", "-a", "-f");
        Directory.Delete(_directory, recursive: true);
    }

    [Fact]
    public async Task Run_WithRm_ShowsOutputPassesTheExitCodeAndLeavesNothing()
    {
        var hello = await _docker.RunAsync("container", "run", "--rm", Cluster.BusyboxImage, "echo", "hello world");
        var failed = await _docker.RunAsync("run", "--rm", Cluster.BusyboxImage, "sh", "-c", "echo wrong >&2; exit 3");
        var typed = await _docker.RunWithInputAsync("typed\n", "run", "-i", "--rm", Cluster.BusyboxImage, "cat");
        var missing = await _docker.RunAsync("run", "--rm", Cluster.BusyboxImage, "nosuchprogram");

        Assert.Equal("hello world\n", hello.Succeeded().Output);
        Assert.Equal((3, "wrong\n"), (failed.ExitCode, failed.Error));
        Assert.Equal("typed\n", typed.Succeeded().Output);
        Assert.Equal(127, missing.ExitCode);
        Assert.Equal("", await _docker.OutputAsync("ps", "-aq"));
    }

    [Fact]
    public async Task Run_DetachedWithAPort_IsListedServedStoppedAndRemoved()
    {
        await _docker.OutputAsync("container", "run", "-d", "--name", "webserver", "-p", "18480:8080", "-e", "A=b", Cluster.WebImage);

        var listed = await _docker.OutputAsync("container", "ls", "--format", "{{.Names}} {{.Ports}} {{.State}}");
        var served = await Eventually.BecomesAsync(
            () => Web.GetAsync("http://127.0.0.1:18480/"), body => body.StartsWith("web", StringComparison.Ordinal), "an answer");
        var variable = await _docker.OutputAsync("exec", "webserver", "sh", "-c", "echo $A");
        await _docker.OutputAsync("stop", "-t", "0", "webserver");
        var stopped = await _docker.OutputAsync("ps", "-a", "--format", "{{.State}}");
        await _docker.OutputAsync("rm", "-f", "webserver");

        Assert.Equal("webserver 0.0.0.0:18480->8080/tcp running", listed);
        Assert.Contains("web v1", served, StringComparison.Ordinal);
        Assert.Equal("b", variable);
        Assert.Equal("exited", stopped);
        Assert.Equal("", await _docker.OutputAsync("ps", "-aq"));
    }

    [Fact]
    public async Task Build_OfADockerfile_IsCachedAndRunsInDockerAndInAPod()
    {
        var tag = Docker.Unique("built") + ":v1";
        await File.WriteAllTextAsync(Path.Combine(_directory, "Dockerfile"), $"""
            FROM {Cluster.BusyboxImage} AS base
            ARG WORD=none
            ENV GREETING="hello $WORD"
            RUN echo $GREETING > /made
            FROM {Cluster.BusyboxImage}
            LABEL maintainer="somebody"
            COPY --from=base /made /made
            COPY . /context
            CMD ["cat", "/made"]
            """);
        await File.WriteAllTextAsync(Path.Combine(_directory, "kept"), "");
        await File.WriteAllTextAsync(Path.Combine(_directory, "ignored"), "");
        await File.WriteAllTextAsync(Path.Combine(_directory, ".dockerignore"), "ignored\n");
        await using var space = await cluster.CreateNamespaceAsync("docker");

        var first = await _docker.OutputAsync("build", "--tag", tag, "--build-arg", "WORD=there", _directory);
        var second = await _docker.OutputAsync("image", "build", "-t", tag, "--build-arg", "WORD=there", _directory);
        var output = await _docker.OutputAsync("run", "--rm", tag);
        var context = await _docker.OutputAsync("run", "--rm", tag, "ls", "/context");
        (await space.New.RunAsync("run", "pod", $"--image={tag}", "--restart=Never")).Succeeded();
        await Eventually.BecomesAsync(
            async () => (await space.New.RunAsync("logs", "pod")).Output, logs => logs.Contains("hello there", StringComparison.Ordinal), "the Pod's output");

        Assert.Contains($"Successfully tagged {tag}", first, StringComparison.Ordinal);
        Assert.Contains("Using cache", second, StringComparison.Ordinal);
        Assert.Equal("hello there", output);
        Assert.Contains("kept", context, StringComparison.Ordinal);
        Assert.DoesNotContain("ignored\n", context + "\n", StringComparison.Ordinal);
    }

    [Fact]
    public async Task Images_AreListedTaggedSavedRemovedAndLoaded()
    {
        var name = Docker.Unique("saved");
        var archive = Path.Combine(_directory, "image.tar");
        await _docker.OutputAsync("tag", Cluster.BusyboxImage, $"{name}:1");

        var listed = await _docker.OutputAsync("image", "ls", "--format", "{{.Repository}}:{{.Tag}}", name);
        var history = await _docker.OutputAsync("history", "--no-trunc", $"{name}:1");
        await _docker.OutputAsync("save", "-o", archive, $"{name}:1");
        await _docker.OutputAsync("image", "rm", $"{name}:1");
        var without = await _docker.OutputAsync("images", "-q", name);
        var loaded = await _docker.OutputAsync("load", "-i", archive);
        await _docker.OutputAsync("rmi", $"{name}:1");

        Assert.Equal($"{name}:1", listed);
        Assert.Contains("COPY busybox /bin/busybox", history, StringComparison.Ordinal);
        Assert.Equal("", without);
        Assert.Equal($"Loaded image: {name}:1", loaded);
    }

    [Fact]
    public async Task Network_OfTheUsers_LetsContainersFindEachOtherByName()
    {
        await _docker.OutputAsync("network", "create", "test");
        await _docker.OutputAsync("run", "-d", "--network", "test", "--name", "web", Cluster.WebImage);

        var found = await _docker.RunAsync("run", "--rm", "--network", "test", Cluster.BusyboxImage, "ping", "-c1", "-W5", "web");
        var elsewhere = await _docker.RunAsync("run", "--rm", Cluster.BusyboxImage, "nslookup", "web");

        found.Succeeded();
        Assert.NotEqual(0, elsewhere.ExitCode);
        Assert.Contains("test", await _docker.OutputAsync("network", "ls", "--format", "{{.Name}}"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Volume_OutlivesItsContainersAndIsSharedByThem()
    {
        await _docker.OutputAsync("volume", "create", "test");

        await _docker.OutputAsync("run", "--rm", "-v", "test:/my-volume", Cluster.BusyboxImage, "sh", "-c", "echo kept > /my-volume/file");
        var read = await _docker.OutputAsync("run", "--rm", "-v", "test:/my-volume:ro", Cluster.BusyboxImage, "cat", "/my-volume/file");

        Assert.Equal("kept", read);
        Assert.Equal("test", await _docker.OutputAsync("volume", "ls", "-q"));
    }

    [Fact]
    public async Task Files_AreCopiedBothWaysAndCommitted()
    {
        var image = Docker.Unique("committed");
        var file = Path.Combine(_directory, "file");
        await File.WriteAllTextAsync(file, "copied");
        await _docker.OutputAsync("run", "-d", "--name", "box", Cluster.BusyboxImage);

        await _docker.OutputAsync("cp", file, "box:/tmp/");
        await _docker.OutputAsync("cp", "box:/tmp/file", file + ".back");
        var changes = await _docker.OutputAsync("diff", "box");
        await _docker.OutputAsync("commit", "box", image);
        var kept = await _docker.OutputAsync("run", "--rm", image, "cat", "/tmp/file");
        await _docker.OutputAsync("rmi", image);

        Assert.Equal("copied", await File.ReadAllTextAsync(file + ".back"));
        Assert.Contains("A /tmp/file", changes, StringComparison.Ordinal);
        Assert.Equal("copied", kept);
    }

    [Fact]
    public async Task Containers_OfDockerAndOfPods_DoNotSeeEachOther()
    {
        await _docker.OutputAsync("run", "-d", "--name", "alone", Cluster.BusyboxImage);
        await using var space = await cluster.CreateNamespaceAsync("docker");
        (await space.New.RunAsync("run", "pod", $"--image={Cluster.BusyboxImage}")).Succeeded();
        (await space.New.RunAsync("wait", "--for=condition=Ready", "pod/pod", "--timeout=60s")).Succeeded();

        Assert.Equal("alone", await _docker.OutputAsync("ps", "-a", "--format", "{{.Names}}"));
        Assert.Equal("1", await _docker.OutputAsync("info", "--format", "{{.Containers}}"));
    }

    [Fact]
    public async Task Compose_OfVersion3_IsBroughtUpTwiceAndDown()
    {
        await File.WriteAllTextAsync(Path.Combine(_directory, "Dockerfile"), $"FROM {Cluster.WebImage}\nRUN echo composed > /www/index.html\n");
        await File.WriteAllTextAsync(Path.Combine(_directory, "docker-compose.yml"), $"""
            version: "3"
            services:
              web:
                build: .
                ports: ["18481:8080"]
                networks: [backend]
                environment:
                  - GREETING=hi
              db:
                image: {Cluster.BusyboxImage}
                networks: [backend]
                volumes: ["data:/data"]
            networks:
              backend:
            volumes:
              data:
            """);

        (await _docker.ComposeAsync(_directory, "up", "-d")).Succeeded();
        var before = await _docker.OutputAsync("ps", "-q", "--no-trunc");
        var again = (await _docker.ComposeAsync(_directory, "up", "-d")).Succeeded();
        var served = await Eventually.BecomesAsync(
            () => Web.GetAsync("http://127.0.0.1:18481/"), body => body.StartsWith("composed", StringComparison.Ordinal), "an answer");
        var greeting = (await _docker.ComposeAsync(_directory, "exec", "-T", "web", "sh", "-c", "echo $GREETING; ping -c1 -W5 db")).Succeeded().Output;
        var listed = (await _docker.ComposeAsync(_directory, "ps")).Succeeded().Output;
        var after = await _docker.OutputAsync("ps", "-q", "--no-trunc");
        (await _docker.ComposeAsync(_directory, "down", "-v", "--rmi", "local")).Succeeded();

        Assert.Equal(before, after);
        Assert.Contains("up-to-date", again.Error, StringComparison.Ordinal);
        Assert.Contains("composed", served, StringComparison.Ordinal);
        Assert.StartsWith("hi\n", greeting, StringComparison.Ordinal);
        Assert.Contains("0.0.0.0:18481->8080/tcp", listed, StringComparison.Ordinal);
        Assert.Equal("", await _docker.OutputAsync("volume", "ls", "-q"));
    }
}
