using Coxswain.Engine.Builder;
using Coxswain.Engine.Builder.Dockerfiles;
using Coxswain.Engine.Images.Stores;
using Coxswain.Engine.Tests.Images;

namespace Coxswain.Engine.Tests.Builder;

public sealed class ImageBuilderTests
{
    [Fact]
    public async Task BuildAsync_DockerfileOfAService_MakesTheImageDockerWould()
    {
        await using var images = await TestImages.OpenAsync();
        await images.AddBusyboxAsync("debian:jessie");
        var build = new TestBuild(images).File("eventservice", "#!/bin/sh\necho serving\n", 0x1ED);

        var image = await build.RunAsync("""
            FROM debian:jessie
            MAINTAINER You, you@example.com

            COPY eventservice /eventservice
            RUN  echo service:x:5:5::/:/bin/sh >> /etc/passwd && echo Hello World > /hello.txt

            USER service
            ENV LISTEN_URL=0.0.0.0:8181
            EXPOSE 8181
            CMD ["/eventservice"]
            """);

        Assert.Equal("You, you@example.com", image.Configuration.Author);
        Assert.Equal("service", image.Config.User);
        Assert.Equal(["LISTEN_URL=0.0.0.0:8181"], image.Config.Env!);
        Assert.Equal(["8181/tcp"], image.Config.ExposedPorts!.Keys);
        Assert.Equal(["/eventservice"], image.Config.Cmd!);
        Assert.Equal(3, image.Manifest.Layers.Count);
        Assert.Equal("Hello World\n", await build.ReadAsync(image, "/hello.txt"));
        Assert.Contains("service:", await build.ReadAsync(image, "/etc/passwd"));
        Assert.Equal(
            ["CACHED [1/3] FROM docker.io/library/debian:jessie", "DONE [2/3] COPY eventservice /eventservice",
                "DONE [3/3] RUN  echo service:x:5:5::/:/bin/sh >> /etc/passwd && echo Hello World > /hello.txt"],
            build.Log.Steps);
        Assert.Contains(build.Log.Events, e => e is BuildStepStatus { Text: "naming to docker.io/test/app:1" });
        Assert.Equal(image.Id, (await images.Store.FindAsync("test/app:1", TestImages.Timeout))!.Id);
    }

    [Fact]
    public async Task BuildAsync_SecondTime_IsCachedAndGivesTheSameImage()
    {
        await using var images = await TestImages.OpenAsync();
        await images.AddBusyboxAsync();
        var build = new TestBuild(images).File("a.txt", "one");
        const string Dockerfile = "FROM busybox\nWORKDIR /app\nCOPY a.txt .\nRUN cat a.txt > b.txt\nENV X=1\n";

        var first = await build.RunAsync(Dockerfile);
        var second = await build.RunAsync(Dockerfile);

        Assert.All(build.Log.Steps, step => Assert.StartsWith("CACHED", step));
        Assert.Equal(first.Id, second.Id);
    }

    [Fact]
    public async Task BuildAsync_FileChanged_RunsThatStepAndThoseAfterIt()
    {
        await using var images = await TestImages.OpenAsync();
        await images.AddBusyboxAsync();
        var build = new TestBuild(images).File("a.txt", "one").File("other.txt", "x");
        const string Dockerfile = "FROM busybox\nRUN echo base > /base\nCOPY a.txt /\nRUN cat a.txt > b.txt\n";
        var first = await build.RunAsync(Dockerfile);

        build.File("other.txt", "y");
        await build.RunAsync(Dockerfile);
        Assert.All(build.Log.Steps, step => Assert.StartsWith("CACHED", step));

        build.File("a.txt", "two");
        var changed = await build.RunAsync(Dockerfile);
        Assert.Equal(["CACHED", "CACHED", "DONE", "DONE"], build.Log.Steps.Select(step => step.Split(' ')[0]));
        Assert.Equal("two", await build.ReadAsync(changed, "/b.txt"));
        Assert.Empty((await images.Store.GetAsync(first.Id.ToString(), TestImages.Timeout)).Tags);

        await build.RunAsync(Dockerfile, options => options with { NoCache = true });
        Assert.Equal(["CACHED", "DONE", "DONE", "DONE"], build.Log.Steps.Select(step => step.Split(' ')[0]));
    }

    [Fact]
    public async Task BuildAsync_BuildArgument_IsSeenByRunAndPartOfTheCache()
    {
        await using var images = await TestImages.OpenAsync();
        await images.AddBusyboxAsync();
        var build = new TestBuild(images);
        const string Dockerfile = "ARG BASE=busybox\nFROM ${BASE}\nARG VERSION=1\nARG UNSET\nRUN echo v$VERSION-${UNSET:-none} > /v\nENV V=${VERSION:+is-$VERSION}\n";

        var first = await build.RunAsync(Dockerfile);
        var second = await build.RunAsync(Dockerfile, options => options with
        {
            BuildArguments = new Dictionary<string, string> { ["VERSION"] = "2", ["TYPO"] = "x" },
        });

        Assert.Equal("v1-none\n", await build.ReadAsync(first, "/v"));
        Assert.Equal("v2-none\n", await build.ReadAsync(second, "/v"));
        Assert.Equal(["V=is-2"], second.Config.Env!);
        Assert.Contains(build.Log.Events, e => e is BuildWarning warning && warning.Text.Contains("[TYPO]"));
    }

    [Fact]
    public async Task BuildAsync_MultiStageFromScratch_HoldsOnlyWhatWasCopied()
    {
        await using var images = await TestImages.OpenAsync();
        await images.AddBusyboxAsync();
        var build = new TestBuild(images);

        var image = await build.RunAsync("""
            FROM busybox AS build
            RUN mkdir /out && cp /bin/busybox /out/app && chown app:app /out/app && chmod 4755 /out/app
            FROM busybox AS unused
            RUN exit 1
            FROM scratch
            COPY --from=build /out/app /usr/bin/app
            COPY --from=0 --chown=7:8 --chmod=600 /etc/passwd /etc/
            COPY --from=busybox /etc/group /etc/group
            ENTRYPOINT ["/usr/bin/app"]
            """);

        var tree = await build.TreeAsync(image);
        Assert.Equal(["etc", "usr"], Coxswain.Engine.Images.Layers.MergedTree.Children(tree.Root).Select(node => node.Name));
        var app = tree.Find("/usr/bin/app")!.Status;
        Assert.Equal((0x9EDu, 1000u, 1001u), (app.Permissions, app.Uid, app.Gid));
        var passwd = tree.Find("/etc/passwd")!.Status;
        Assert.Equal((0x180u, 7u, 8u), (passwd.Permissions, passwd.Uid, passwd.Gid));
        Assert.DoesNotContain(build.Log.Steps, step => step.Contains("unused"));
        Assert.Contains(build.Log.Steps, step => step.EndsWith("[build 2/2] RUN mkdir /out && cp /bin/busybox /out/app && chown app:app /out/app && chmod 4755 /out/app"));
    }

    [Fact]
    public async Task BuildAsync_RunDeletesAndReplaces_LayersHideWhatIsBelow()
    {
        await using var images = await TestImages.OpenAsync();
        await images.AddBusyboxAsync();
        var build = new TestBuild(images).File("d/one", "1").File("d/two", "2").File("e/x", "x");

        var image = await build.RunAsync("""
            FROM busybox
            COPY d /d
            COPY e /e
            RUN rm /d/one && rm -r /e && mkdir /e && echo new > /e/y && ln /d/two /d/link && mkfifo /d/fifo
            """);

        // Through an archive, so that the tar form is tested as well as the directories.
        var archive = Path.Combine(images.Directory, "image.tar");
        await using (var file = File.Create(archive))
        {
            await images.Engine.Saver.SaveAsync(["test/app:1"], file, Coxswain.Engine.Images.Archives.ImageArchiveFormat.Docker, TestImages.Timeout);
        }

        await using var others = await TestImages.OpenAsync();
        await using var input = File.OpenRead(archive);
        var (loaded, _) = Assert.Single(await others.Engine.Loader.LoadAsync(input, TestImages.Timeout));
        Assert.Equal(image.Id, loaded.Id);
        foreach (var tree in new[] { await build.TreeAsync(image), await new TestBuild(others).TreeAsync(loaded) })
        {
            Assert.Equal(["fifo", "link", "two"], Coxswain.Engine.Images.Layers.MergedTree.Children(tree.Find("/d")!).Select(node => node.Name));
            Assert.Equal(["y"], Coxswain.Engine.Images.Layers.MergedTree.Children(tree.Find("/e")!).Select(node => node.Name));
            Assert.Equal(tree.Find("/d/two")!.Status.Inode, tree.Find("/d/link")!.Status.Inode);
            Assert.Null(tree.Find("/etc/resolv.conf"));
            Assert.Null(tree.Find("/etc/hosts"));
        }
    }

    [Fact]
    public async Task BuildAsync_RunFails_NamesLineAndCommandAndLeavesNothing()
    {
        await using var images = await TestImages.OpenAsync();
        await images.AddBusyboxAsync();
        var build = new TestBuild(images);

        var failure = await Assert.ThrowsAsync<BuildException>(
            () => build.RunAsync("FROM busybox\n\nRUN echo to-out && echo to-err >&2 && \\\n  exit 7\n"));

        Assert.Equal((3, 7), (failure.Line, failure.ExitCode));
        Assert.Contains("did not complete successfully: exit code: 7", failure.Message);
        Assert.Contains("exit 7", failure.Message);
        Assert.Equal(["to-err", "to-out"], build.Log.Output.Order());
        Assert.Empty(Directory.EnumerateDirectories(images.Store.Paths.Sessions));
        Assert.DoesNotContain(images.Directory, await File.ReadAllTextAsync("/proc/self/mountinfo"));
        Assert.Null(await images.Store.FindAsync("test/app:1", TestImages.Timeout));
    }

    [Fact]
    public async Task BuildAsync_RunAsUserInWorkdirWithShell_SeesThem()
    {
        await using var images = await TestImages.OpenAsync();
        await images.AddBusyboxAsync();
        var build = new TestBuild(images);

        await build.RunAsync("""
            FROM busybox
            WORKDIR /work
            RUN chown app /work
            USER app
            ENV GREETING="hello world"
            SHELL ["/bin/sh", "-e", "-c"]
            RUN id -un; pwd; echo $GREETING; echo $HOME; hostname; cat /etc/hosts | head -n1
            RUN ["/bin/echo", "exec $GREETING"]
            RUN --network=none ip -o link | wc -l
            RUN <<EOF
            echo from
            echo heredoc
            EOF
            """);

        Assert.Equal(
            ["app", "/work", "hello world", "/home/app", "buildstep", "127.0.0.1\tlocalhost", "exec $GREETING", "1", "from", "heredoc"],
            build.Log.Output);
    }

    [Fact]
    public async Task BuildAsync_RunWithoutABridge_HasOnlyLoopback()
    {
        await using var images = await TestImages.OpenAsync();
        await images.AddBusyboxAsync();
        var build = new TestBuild(images);
        var ours = File.ResolveLinkTarget("/proc/self/ns/net", returnFinalTarget: false)!.Name;

        await build.RunAsync("FROM busybox\nRUN readlink /proc/self/ns/net; ip -o link | wc -l\n");

        Assert.NotEqual(ours, build.Log.Output.First());
        Assert.Equal("1", build.Log.Output.Last());
        var refused = await Assert.ThrowsAsync<BuildException>(() => build.RunAsync("FROM busybox\nRUN --network=host true\n"));
        Assert.Contains("only allowed when the build is given --network host", refused.Message, StringComparison.Ordinal);
        await build.RunAsync("FROM busybox\nRUN readlink /proc/self/ns/net\n", options => options with { Network = "host" });
        Assert.Equal(ours, build.Log.Output.Single());
    }

    [Fact]
    public async Task BuildAsync_CacheMounts_FollowTheirOptionsAndGoWithPrune()
    {
        await using var images = await TestImages.OpenAsync();
        await images.AddBusyboxAsync();
        var build = new TestBuild(images);

        await build.RunAsync("""
            FROM busybox
            RUN --mount=type=cache,id=one,target=/c,mode=0700,uid=1000,gid=1001,sharing=locked stat -c "%a %u %g" /c && echo kept > /c/file
            RUN --mount=type=cache,id=one,target=/d,ro cat /d/file; touch /d/x 2>/dev/null || echo read-only
            RUN --mount=type=cache,id=one,target=/e,sharing=private ls /e | wc -l
            RUN --mount=type=tmpfs,target=/t,size=1m df -k /t | tail -n1 | awk '{print $2}'
            """);

        Assert.Equal(["700 1000 1001", "kept", "read-only", "0", "1024"], build.Log.Output);
        Assert.NotEmpty(Directory.EnumerateFileSystemEntries(images.Store.Paths.CacheMounts));
        await images.Store.PruneAsync(new ImagePruneOptions { BuildCache = true }, TestImages.Timeout);
        Assert.Empty(Directory.EnumerateFileSystemEntries(images.Store.Paths.CacheMounts));
    }

    [Fact]
    public async Task BuildAsync_CancelledDuringRun_EndsTheContainerAndCleansUp()
    {
        await using var images = await TestImages.OpenAsync();
        await images.AddBusyboxAsync();
        var build = new TestBuild(images);
        using var cancellation = new CancellationTokenSource();
        var progress = new CallbackProgress(value =>
        {
            if (value is BuildStepOutput { Line: "ready" })
            {
                cancellation.Cancel();
            }
        });

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => images.Engine.Builder.BuildAsync(
            new BuildOptions
            {
                ContextDirectory = build.Context,
                DockerfileText = $"FROM busybox\nRUN echo ready && sleep 1234567 # {images.Directory}\n",
            },
            progress,
            cancellation.Token));

        Assert.Empty(Directory.EnumerateDirectories(images.Store.Paths.Sessions));
        Assert.DoesNotContain(images.Directory, await File.ReadAllTextAsync("/proc/self/mountinfo"));
        Assert.DoesNotContain(
            Directory.EnumerateDirectories("/proc").Select(CommandLine), line => line.Contains(images.Directory));
    }

    [Fact]
    public async Task BuildAsync_OnBuildTriggers_RunInTheChildOnly()
    {
        await using var images = await TestImages.OpenAsync();
        await images.AddBusyboxAsync();
        var build = new TestBuild(images).File("app.js", "code");

        var parent = await build.RunAsync(
            "FROM busybox\nONBUILD COPY app.js /srv/\nONBUILD RUN echo built > /srv/done\n", options => options with { Tags = ["base"] });
        var child = await build.RunAsync("FROM base\nHEALTHCHECK --interval=30s --retries=3 CMD wget -q localhost\nSTOPSIGNAL SIGINT\nVOLUME /data\n");

        Assert.Equal(["COPY app.js /srv/", "RUN echo built > /srv/done"], parent.Config.OnBuild!);
        Assert.Null((await build.TreeAsync(parent)).Find("/srv"));
        Assert.Equal("code", await build.ReadAsync(child, "/srv/app.js"));
        Assert.Equal("built\n", await build.ReadAsync(child, "/srv/done"));
        Assert.Null(child.Config.OnBuild);
        Assert.Equal(["CMD-SHELL", "wget -q localhost"], child.Config.Healthcheck!.Test!);
        Assert.Equal((30_000_000_000, 3), (child.Config.Healthcheck.Interval!.Value, child.Config.Healthcheck.Retries!.Value));
        Assert.Equal("SIGINT", child.Config.StopSignal);
        Assert.Equal(["/data"], child.Config.Volumes!.Keys);
    }

    [Theory]
    [InlineData("FROM nosuchimage-at-all.invalid/x\n", "line 1", "cannot reach nosuchimage-at-all.invalid")]
    [InlineData("FROM scratch\nCOPY missing /\n", "line 2", "\"missing\" is not in the build context")]
    [InlineData("FROM scratch\nCOPY --from=3 a /\n", "line 2", "no earlier stage")]
    [InlineData("FROM scratch\nCOPY *.txt /dest\n", "line 2", "must be a directory and end with a /")]
    [InlineData("FROM scratch\nCOPY --chown=nobody a.txt /\n", "line 2", "no user \"nobody\"")]
    [InlineData("FROM scratch\nEXPOSE 80/xyz\n", "line 2", "invalid protocol")]
    [InlineData("FROM scratch\nSTOPSIGNAL SIGFOO\n", "line 2", "invalid signal")]
    public async Task BuildAsync_Mistake_IsNamedWithItsLine(string dockerfile, string line, string problem)
    {
        await using var images = await TestImages.OpenAsync();
        var build = new TestBuild(images).File("a.txt", "a").File("b.txt", "b");

        var failure = await Assert.ThrowsAnyAsync<EngineException>(() => build.RunAsync(dockerfile));

        Assert.True(failure is BuildException or DockerfileException, failure.ToString());
        Assert.Contains(line, failure.Message);
        Assert.Contains(problem, failure.Message);
    }

    private static string CommandLine(string process)
    {
        try
        {
            return File.ReadAllText(Path.Combine(process, "cmdline"));
        }
        catch (IOException)
        {
            return "";
        }
    }

    private sealed class CallbackProgress(Action<BuildEvent> report) : IProgress<BuildEvent>
    {
        public void Report(BuildEvent value) => report(value);
    }
}
