using Coxswain.Api.Core.V1;
using Coxswain.Api.Resources;
using Coxswain.Api.Scalars;
using Coxswain.Client;

namespace Coxswain.Node.Tests.Agent;

/// <summary>What a pod's containers share with each other and with the machine, on the real engine.</summary>
public sealed class PodIsolationTests
{
    /// <summary>Whether a process runs whose command line holds the word: put together, so that the script's own does not.</summary>
    private const string Sees = """
        word=3133; word=${word}7
        sees() {
          for process in /proc/[0-9]*; do
            read -r line < $process/cmdline 2>/dev/null
            case "$line" in *$word*) return 0;; esac
          done
          return 1
        }

        """;

    private const string SeesOther = Sees + "until sees; do sleep 0.1; done";

    [Fact]
    public async Task ShareProcessNamespace_ContainersSeeEachOthersProcesses()
    {
        await using var node = await TestNode.StartAsync();
        await node.CreateAsync(
            "web", "read -r first < /proc/1/cmdline; case \"$first\" in /pause*) ;; *) exit 1;; esac\n" + SeesOther, policy: "OnFailure",
            changePod: spec => spec with
            {
                ShareProcessNamespace = true,
                Containers = [spec.Containers[0], TestNode.Shell("other", "sleep 31337")],
            });
        var pod = await node.WaitForAsync("web", pod => Ended(pod, "main") is not null);
        Assert.Equal(0, Ended(pod, "main")!.ExitCode);
        await node.Client.DeleteAsync<Pod>("default", "web", new Api.Meta.V1.DeleteOptions { GracePeriodSeconds = 1 }, TestNode.Timeout);
        await node.WaitForAsync("web", pod => pod is null);
        await node.StopAsync();
        Assert.Empty(await node.Runtime.ListPodSandboxAsync(TestNode.Timeout));
    }

    [Fact]
    public async Task ShareProcessNamespace_ContainerEnds_LeavesNoProcessBehind()
    {
        await using var node = await TestNode.StartAsync();
        await node.CreateAsync(
            "web", "sleep 31337 & echo > /work/begun", TestNode.WithWork, "OnFailure", spec => TestNode.WithWork(spec) with
            {
                ShareProcessNamespace = true,
                Containers =
                [
                    spec.Containers[0],
                    TestNode.WithWork(TestNode.Shell("other", Sees + "until [ -f /work/begun ]; do sleep 0.1; done; while sees; do sleep 0.1; done")),
                ],
            });
        await node.WaitForAsync("web", pod => pod?.Status.Phase == "Succeeded");
    }

    [Fact]
    public async Task HostNetwork_SharedMemory_IsThePods()
    {
        await using var node = await TestNode.StartAsync();
        await node.CreateAsync(
            "web", "while ! [ -f /dev/shm/other ]; do sleep 0.05; done", policy: "Never",
            changePod: spec => spec with { HostNetwork = true, Containers = [spec.Containers[0], TestNode.Shell("other", "echo > /dev/shm/other")] });
        await node.WaitForAsync("web", pod => pod?.Status.Phase == "Succeeded");
        Assert.False(File.Exists("/dev/shm/other"));
    }

    [Fact]
    public async Task EphemeralContainer_WithATarget_SeesItsProcesses()
    {
        await using var node = await TestNode.StartAsync();
        await node.CreateAsync("web", "trap 'exit 0' TERM; sleep 31337 & wait");
        await node.WaitForReadyAsync("web");
        await AddAsync(node, new EphemeralContainer
        {
            Name = "debug", Image = TestNode.Image, ImagePullPolicy = "IfNotPresent", Command = ["/bin/sh", "-c", SeesOther], TargetContainerName = "main",
        });
        var pod = await node.WaitForAsync("web", pod => pod?.Status.EphemeralContainerStatuses is [{ State.Terminated: not null }]);
        Assert.Equal(0, Assert.Single(pod!.Status.EphemeralContainerStatuses).State.Terminated!.ExitCode);
        Assert.True(PodWatch.IsReady(pod));
    }

    [Fact]
    public async Task Resize_RunningContainer_HasOtherLimitsInTheKernel()
    {
        await using var node = await TestNode.StartAsync();
        var created = await node.CreateAsync("web", "trap 'exit 0' TERM; while :; do sleep 1 & wait; done", container => container with
        {
            Resources = Amounts("100m", "64Mi"),
        });
        await node.WaitForReadyAsync("web");
        var pod = await node.Client.GetAsync<Pod>("default", "web", TestNode.Timeout);
        await node.Client.UpdateAsync(
            ApiResources.Of<Pod>(),
            pod with
            {
                Metadata = pod.Metadata with { ResourceVersion = "" },
                Spec = pod.Spec with { Containers = [pod.Spec.Containers[0] with { Resources = Amounts("50m", "128Mi") }] },
            },
            "resize", TestNode.Timeout);
        pod = await node.WaitForAsync("web", pod => pod?.Status.ContainerStatuses is [{ Resources: { } given }]
            && given.Limits["memory"] == Quantity.Parse("128Mi") && !pod.Status.Conditions.Any(condition => condition.Type == "PodResizeInProgress"));
        var id = pod!.Status.ContainerStatuses[0].ContainerID;
        var usage = await node.Runtime.ContainerStatsAsync(id[(id.LastIndexOf('/') + 1)..], TestNode.Timeout);
        Assert.Equal(128L << 20, usage!.MemoryLimitBytes);
        Assert.Equal(0, pod.Status.ContainerStatuses[0].RestartCount);
        Assert.NotEqual(created.Metadata.ResourceVersion, pod.Metadata.ResourceVersion);
    }

    [Fact]
    public async Task ImageVolume_ShowsTheImagesFilesReadOnly()
    {
        await using var node = await TestNode.StartAsync();
        await node.CreateAsync(
            "web", "[ -x /tools/bin/busybox ] && [ -x /only/busybox ] && ! echo > /tools/new", container => container with
            {
                VolumeMounts =
                [
                    new VolumeMount { Name = "tools", MountPath = "/tools" },
                    new VolumeMount { Name = "tools", MountPath = "/only", SubPath = "bin" },
                ],
            },
            "Never", spec => spec with { Volumes = [new Volume { Name = "tools", Image = new ImageVolumeSource { Reference = TestNode.Image } }] });
        var pod = await node.WaitForAsync("web", pod => pod?.Status.Phase is "Succeeded" or "Failed");
        Assert.Equal("Succeeded", pod!.Status.Phase);
    }

    [Theory]
    [InlineData(null, 10)]
    [InlineData("Enabled", 11)]
    public async Task ReadOnlyMount_OfATreeWithMountsInside_IsAsReadOnlyAsItSays(string? recursive, int expected)
    {
        var directory = Directory.CreateTempSubdirectory("coxswain-nested-").FullName;
        var mounts = new Linux.Mounts.KernelMounts();
        var inner = Directory.CreateDirectory(Path.Combine(directory, "inner")).FullName;
        mounts.Mount(Linux.Mounts.MountRequest.Tmpfs(inner));
        try
        {
            await using var node = await TestNode.StartAsync();
            await node.CreateAsync(
                "web", "echo > /tree/new && exit 2; echo > /tree/inner/new && exit 10; exit 11",
                container => container with
                {
                    VolumeMounts = [new VolumeMount { Name = "tree", MountPath = "/tree", ReadOnly = true, RecursiveReadOnly = recursive }],
                },
                "Never", spec => spec with { Volumes = [new Volume { Name = "tree", HostPath = new HostPathVolumeSource { Path = directory } }] });
            var pod = await node.WaitForAsync("web", pod => pod?.Status.Phase is "Succeeded" or "Failed");
            Assert.Equal(expected, Ended(pod, "main")!.ExitCode);
        }
        finally
        {
            mounts.Unmount(inner);
            Directory.Delete(directory, recursive: true);
        }
    }

    private static ResourceRequirements Amounts(string cpu, string memory) => new()
    {
        Limits = new Dictionary<string, Quantity> { ["cpu"] = Quantity.Parse(cpu), ["memory"] = Quantity.Parse(memory) },
        Requests = new Dictionary<string, Quantity> { ["cpu"] = Quantity.Parse(cpu), ["memory"] = Quantity.Parse(memory) },
    };

    private static async Task AddAsync(TestNode node, EphemeralContainer added)
    {
        var pod = await node.Client.GetAsync<Pod>("default", "web", TestNode.Timeout);
        await node.Client.UpdateAsync(
            ApiResources.Of<Pod>(),
            pod with { Metadata = pod.Metadata with { ResourceVersion = "" }, Spec = pod.Spec with { EphemeralContainers = [added] } },
            "ephemeralcontainers", TestNode.Timeout);
    }

    private static ContainerStateTerminated? Ended(Pod? pod, string container) =>
        pod?.Status.ContainerStatuses.FirstOrDefault(status => status.Name == container)?.State.Terminated;
}
