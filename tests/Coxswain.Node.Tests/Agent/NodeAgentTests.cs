using Coxswain.Api.Core.V1;
using Coxswain.Api.Meta.V1;
using Coxswain.Api.Scalars;
using Coxswain.Client;
using V1Node = Coxswain.Api.Core.V1.Node;

namespace Coxswain.Node.Tests.Agent;

public sealed class NodeAgentTests
{
    private const string Obedient = "trap 'exit 0' TERM; echo hello; while :; do sleep 1 & wait; done";

    [Fact]
    public async Task Pod_CreatedAndDeleted_RunsAndIsGone()
    {
        await using var node = await TestNode.StartAsync();
        await node.CreateAsync("web", Obedient);
        var ready = await node.WaitForReadyAsync("web");
        Assert.Equal("Running", ready!.Status.Phase);
        Assert.StartsWith("10.205.", ready.Status.PodIP, StringComparison.Ordinal);
        // The signal may come before the shell has set its trap, and a first process is deaf without one.
        await node.Client.DeleteAsync<Pod>("default", "web", new DeleteOptions { GracePeriodSeconds = 1 }, TestNode.Timeout);
        await node.WaitForAsync("web", pod => pod is null);
        await node.StopAsync();
        Assert.Empty(await node.Runtime.ListContainersAsync(TestNode.Timeout));
    }

    [Fact]
    public async Task Pod_ProcessEnds_IsRestartedAndCounted()
    {
        await using var node = await TestNode.StartAsync();
        await node.CreateAsync("crash", "echo dying > /dev/termination-log; exit 3");
        var pod = await node.WaitForAsync("crash", pod => pod?.Status.ContainerStatuses is [{ State.Waiting.Reason: "CrashLoopBackOff" }]);
        var status = pod!.Status.ContainerStatuses[0];
        Assert.Equal(1, status.RestartCount);
        Assert.Equal((3, "Error", "dying\n"), (status.LastState.Terminated!.ExitCode, status.LastState.Terminated.Reason, status.LastState.Terminated.Message));
    }

    [Fact]
    public async Task Pod_RestartPolicyNever_Succeeds()
    {
        await using var node = await TestNode.StartAsync();
        await node.CreateAsync("job", "exit 0", policy: "Never");
        var pod = await node.WaitForAsync("job", pod => pod?.Status.Phase == "Succeeded");
        Assert.Equal("Completed", pod!.Status.ContainerStatuses[0].State.Terminated?.Reason);
    }

    [Fact]
    public async Task Pod_TooMuchMemory_IsOomKilled()
    {
        await using var node = await TestNode.StartAsync();
        await node.CreateAsync(
            "hog", "tail /dev/zero", policy: "Never",
            change: container => container with
            {
                Resources = ResourceRequirements.Empty with { Limits = new Dictionary<string, Quantity> { ["memory"] = Quantity.Parse("16Mi") } },
            });
        var pod = await node.WaitForAsync("hog", pod => pod?.Status.Phase == "Failed");
        Assert.Equal("OOMKilled", pod!.Status.ContainerStatuses[0].State.Terminated?.Reason);
    }

    [Fact]
    public async Task Pod_LivenessFails_IsRestarted()
    {
        await using var node = await TestNode.StartAsync();
        await node.CreateAsync("sick", Obedient, container => container with
        {
            LivenessProbe = new Probe
            {
                Exec = new ExecAction { Command = ["/bin/cat", "/healthy"] }, PeriodSeconds = 1, FailureThreshold = 1, TimeoutSeconds = 10,
                // The probe may fail before the shell has set its trap, and a first process is deaf without one.
                TerminationGracePeriodSeconds = 1,
            },
        });
        await node.WaitForAsync("sick", pod => pod?.Status.ContainerStatuses is [{ RestartCount: > 0 }]);
    }

    [Fact]
    public async Task Pod_MissingConfigMap_SaysSo()
    {
        await using var node = await TestNode.StartAsync();
        await node.CreateAsync("env", Obedient, container => container with
        {
            EnvFrom = [new EnvFromSource { ConfigMapRef = new ConfigMapEnvSource { Name = "settings" } }],
        });
        var pod = await node.WaitForAsync("env", pod => pod?.Status.ContainerStatuses is [{ State.Waiting.Reason: "CreateContainerConfigError" }]);
        Assert.Equal("configmap \"settings\" not found", pod!.Status.ContainerStatuses[0].State.Waiting!.Message);
    }

    [Fact]
    public async Task Pod_NoSuchImage_BacksOff()
    {
        await using var node = await TestNode.StartAsync();
        await node.CreateAsync("lost", Obedient, container => container with { Image = "nowhere.invalid/none:1" });
        await node.WaitForAsync("lost", pod => pod?.Status.ContainerStatuses is [{ State.Waiting.Reason: "ErrImagePull" }]);
        await node.WaitForAsync("lost", pod => pod?.Status.ContainerStatuses is [{ State.Waiting.Reason: "ImagePullBackOff" }]);
    }

    [Fact]
    public async Task Pod_NoSuchCommand_CountsAsCrash()
    {
        await using var node = await TestNode.StartAsync();
        await node.CreateAsync("bad", "", container => container with { Command = ["/bin/none"] });
        var pod = await node.WaitForAsync("bad", pod => pod?.Status.ContainerStatuses is [{ State.Waiting.Reason: "CrashLoopBackOff" }]);
        Assert.Equal("StartError", pod!.Status.ContainerStatuses[0].LastState.Terminated?.Reason);
    }

    [Fact]
    public async Task Restart_OfTheAgent_LeavesPodsRunning()
    {
        await using var node = await TestNode.StartAsync();
        await node.CreateAsync("stay", Obedient);
        var before = await node.WaitForReadyAsync("stay");
        await node.RestartAsync();
        await node.CreateAsync("next", Obedient);
        await node.WaitForReadyAsync("next");
        var after = await node.Client.GetAsync<Pod>("default", "stay", TestNode.Timeout);
        Assert.Equal(before!.Status.ContainerStatuses[0].ContainerID, after.Status.ContainerStatuses[0].ContainerID);
        Assert.Equal(before.Status.Conditions.First(c => c.Type == "Ready"), after.Status.Conditions.First(c => c.Type == "Ready"));
    }

    [Fact]
    public async Task Reboot_OfTheMachine_RunsInitContainersAgainInOrder()
    {
        await using var node = await TestNode.StartAsync();
        await node.CreateAsync("twice", Obedient, TestNode.WithWork, changePod: pod => TestNode.WithWork(pod) with
        {
            InitContainers =
            [
                TestNode.WithWork(TestNode.Shell("first", "echo one >> /work/steps")),
                TestNode.WithWork(TestNode.Shell("second", "echo two >> /work/steps")),
            ],
        });
        var before = await node.WaitForReadyAsync("twice");
        var steps = Path.Combine(node.Volume(before!, "empty-dir", "work"), "steps");
        Assert.Equal("one\ntwo\n", await File.ReadAllTextAsync(steps));
        await node.RebootAsync();
        var after = await node.WaitForAsync("twice", pod =>
            pod?.Status.ContainerStatuses is [{ RestartCount: 1, Ready: true }]);
        Assert.All(after!.Status.InitContainerStatuses, status => Assert.Equal((1, 0), (status.RestartCount, status.State.Terminated?.ExitCode)));
        Assert.Equal("one\ntwo\none\ntwo\n", await File.ReadAllTextAsync(steps));
    }

    [Fact]
    public async Task Node_Started_IsReady()
    {
        await using var node = await TestNode.StartAsync();
        await node.CreateAsync("any", Obedient);
        await node.WaitForReadyAsync("any");
        var ready = (await node.Client.GetAsync<V1Node>(null, TestNode.NodeName, TestNode.Timeout)).Status;
        Assert.Contains(ready.Conditions, condition => condition is { Type: "Ready", Status: "True" });
        Assert.Contains(ready.Images, image => image.Names.Contains(TestNode.Image));
    }
}
